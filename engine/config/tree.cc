#include "engine/config/tree.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <exception>
#include <tuple>

namespace sluice::config {
namespace {

constexpr std::size_t kShownBytesMax = 60;  // of a text in a message

Place place_of(const toml::source_region& source) {
  return {static_cast<int>(source.begin.line), static_cast<int>(source.begin.column)};
}

Node convert(const toml::node& from);

void convert_members(const toml::table& from, Node& to) {
  to.type = Node::Type::table;
  for (const auto& [key, value] : from)
    to.members.push_back({std::string(key.str()), place_of(key.source()), convert(value)});
  std::ranges::sort(to.members, {}, [](const Member& member) {
    return std::tuple(member.place.line, member.place.column);
  });
}

Node convert(const toml::node& from) {
  Node to;
  to.place = place_of(from.source());
  if (const auto* table = from.as_table()) {
    convert_members(*table, to);
  } else if (const auto* list = from.as_array()) {
    to.type = Node::Type::list;
    for (const toml::node& item : *list) to.items.push_back(convert(item));
  } else if (const auto* text = from.as_string()) {
    to.type = Node::Type::text;
    to.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    to.type = Node::Type::integer;
    to.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    to.type = Node::Type::real;
    to.real = real->get();
  } else if (const auto* boolean = from.as_boolean()) {
    to.type = Node::Type::boolean;
    to.boolean = boolean->get();
  } else {
    to.type = Node::Type::date;
  }
  return to;
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  const auto it = std::ranges::find(members, name, &Member::name);
  return it == members.end() ? nullptr : &it->value;
}

std::string Node::shown() const {
  switch (type) {
    case Type::text:
      return text.size() <= kShownBytesMax ? fmt::format("{:?}", text)
                                           : fmt::format("{:?}…", text.substr(0, kShownBytesMax));
    case Type::integer: return std::to_string(integer);
    case Type::real: return fmt::format("{}", real);
    case Type::boolean: return boolean ? "true" : "false";
    case Type::list: return "a list";
    case Type::table: return "a table";
    case Type::date: return "a date or time";
  }
  return {};
}

// The library throws at a syntax error; this is the border where that ends.
std::expected<Node, Problem> parse_toml(std::string_view text, const std::string& file) {
  try {
    return convert(toml::parse(text, file));
  } catch (const toml::parse_error& error) {
    const Place place = place_of(error.source());
    return std::unexpected(
        Problem{file, place.line, place.column, "syntax", std::string(error.description())});
  } catch (const std::exception& error) {
    return std::unexpected(Problem{file, 0, 0, "syntax", error.what()});
  }
}

}  // namespace sluice::config
