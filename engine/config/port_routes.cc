#include "engine/config/port_routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

template <class T>
std::expected<T, std::string> parse_key(const Node& table, std::string_view key) {
  const Node* node = table.find(key);
  if (node == nullptr) return std::unexpected(fmt::format("{} is missing", key));
  const auto value = node->type == Node::Type::text ? T::parse(node->text) : std::nullopt;
  if (!value) return std::unexpected(fmt::format("{} {} cannot be read", key, node->shown()));
  return *value;
}

std::expected<PortRoute, std::string> parse_route(const Node& table) {
  for (const Member& member : table.members)
    if (member.name != "prefix" && member.name != "via")
      return std::unexpected(
          fmt::format("{:?} is not a key here; the keys are prefix, via", member.name));
  const auto prefix = parse_key<Prefix>(table, "prefix");
  if (!prefix) return std::unexpected(prefix.error());
  const auto via = parse_key<IpAddress>(table, "via");
  if (!via) return std::unexpected(via.error());
  return PortRoute{*prefix, *via};
}

std::expected<void, std::string> read_routes(const Node& node, Port& out) {
  if (node.type != Node::Type::list) return std::unexpected(not_a(node, "a list of routes"));
  for (const Node& item : node.items) {
    if (item.type != Node::Type::table) return std::unexpected(not_a(item, "a route"));
    const auto route = parse_route(item);
    if (!route)
      return std::unexpected(fmt::format("number {}: {}", out.routes.size() + 1, route.error()));
    out.routes.push_back(*route);
  }
  return {};
}

std::string show_routes(const Port& from) {
  std::vector<std::string> shown;
  for (const PortRoute& route : from.routes)
    shown.push_back(fmt::format("{{ prefix = {}, via = {} }}", quoted(route.prefix.text()),
                                quoted(route.via.text())));
  return fmt::format("[{}]", fmt::join(shown, ", "));
}

}  // namespace

Value<Port> port_routes_value() {
  return {"tables [[port.route]] with prefix = \"198.51.100.0/24\", via = \"192.0.2.2\"",
          read_routes, show_routes};
}

}  // namespace sluice::config
