#include "engine/config/kinds.h"

#include <cmath>

namespace sluice::config {
namespace {

template <class T>
std::string outside(const Node& node, const T& value, const T& min, const std::string& min_text,
                    const std::string& max_text) {
  return value < min ? fmt::format("{} is below {}", node.shown(), min_text)
                     : fmt::format("{} is above {}", node.shown(), max_text);
}

}  // namespace

std::string not_a(const Node& node, std::string_view wanted) {
  return fmt::format("{} is not {}", node.shown(), wanted);
}

std::expected<std::int64_t, std::string> read_integer(const Node& node, std::int64_t min,
                                                      std::int64_t max) {
  if (node.type != Node::Type::integer) return std::unexpected(not_a(node, "an integer"));
  if (node.integer < min || node.integer > max)
    return std::unexpected(
        outside(node, node.integer, min, std::to_string(min), std::to_string(max)));
  return node.integer;
}

std::expected<std::uint64_t, std::string> read_size(const Node& node, std::uint64_t min,
                                                    std::uint64_t max) {
  std::optional<std::uint64_t> octets;
  if (node.type == Node::Type::integer && node.integer >= 0)
    octets = static_cast<std::uint64_t>(node.integer);
  if (node.type == Node::Type::text) octets = parse_size(node.text);
  if (!octets) return std::unexpected(not_a(node, "a size (write 65536, \"64 KiB\", \"50 MB\")"));
  if (*octets < min || *octets > max)
    return std::unexpected(outside(node, *octets, min, size_text(min), size_text(max)));
  return *octets;
}

std::expected<Duration, std::string> read_duration(const Node& node, Duration min, Duration max) {
  const auto value = node.type == Node::Type::text ? parse_duration(node.text) : std::nullopt;
  if (!value)
    return std::unexpected(
        not_a(node, "a duration (write \"250ms\", \"5s\", \"15m\", \"4h\", \"5d\")"));
  if (*value < min || *value > max)
    return std::unexpected(outside(node, *value, min, duration_text(min), duration_text(max)));
  return *value;
}

std::expected<std::string, std::string> read_text(const Node& node) {
  if (node.type != Node::Type::text) return std::unexpected(not_a(node, "a text"));
  return node.text;
}

std::expected<std::vector<std::string>, std::string> read_texts(const Node& node) {
  if (node.type == Node::Type::text) return std::vector<std::string>{node.text};
  if (node.type != Node::Type::list) return std::unexpected(not_a(node, "a list of texts"));
  std::vector<std::string> out;
  for (const Node& item : node.items) {
    if (item.type != Node::Type::text) return std::unexpected(not_a(item, "a text"));
    out.push_back(item.text);
  }
  return out;
}

std::expected<double, std::string> read_real(const Node& node, double min, double max) {
  const bool whole = node.type == Node::Type::integer;
  if (!whole && !(node.type == Node::Type::real && std::isfinite(node.real)))
    return std::unexpected(not_a(node, "a number"));
  const double value = whole ? static_cast<double>(node.integer) : node.real;
  if (value < min || value > max)
    return std::unexpected(fmt::format("is {}; allowed is {} to {}", value, min, max));
  return value;
}

std::expected<std::vector<double>, std::string> read_numbers(const Node& node) {
  if (node.type != Node::Type::list) return std::unexpected(not_a(node, "a list of numbers"));
  std::vector<double> out;
  for (const Node& item : node.items) {
    const bool whole = item.type == Node::Type::integer;
    if (!whole && !(item.type == Node::Type::real && std::isfinite(item.real)))
      return std::unexpected(not_a(item, "a number"));
    out.push_back(whole ? static_cast<double>(item.integer) : item.real);
  }
  return out;
}

std::expected<std::vector<Duration>, std::string> read_durations(const Node& node, Duration min,
                                                                 Duration max) {
  std::vector<Duration> out;
  const Node* first = node.type == Node::Type::list ? node.items.data() : &node;
  const std::size_t count = node.type == Node::Type::list ? node.items.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = read_duration(first[i], min, max);
    if (!value) return std::unexpected(value.error());
    out.push_back(*value);
  }
  return out;
}

std::string_view name_fault(std::string_view text) {
  constexpr std::size_t kNameMax = 31;
  if (text.empty() || text.size() > kNameMax) return "is not a name of 1..31 letters";
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
    if (!fine) return "has a character that a name cannot have";
  }
  return {};
}

std::string_view empty_fault(std::string_view text) {
  return text.empty() ? "is empty" : std::string_view();
}

std::string_view host_fault(std::string_view text) {
  return is_host_name(text) ? std::string_view() : "is not a host name";
}

// "example.com", ".example.com"
std::string_view domain_fault(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  return is_host_name(text) ? std::string_view() : "is not a domain";
}

std::string_view route_domain_fault(std::string_view text) {
  return text == "*" ? std::string_view() : domain_fault(text);
}

std::string_view mailbox_fault(std::string_view text) {
  const std::size_t at = text.rfind('@');
  const std::string_view local = text.substr(0, at);
  if (local.empty() || local.size() > 64) return "has no local part of 1..64 octets";
  for (const char c : local)
    if (c <= ' ' || c == '<' || c == '>' || c == '"' || c == '\x7f')
      return "is not a plain mailbox";
  return at == std::string_view::npos ? std::string_view() : host_fault(text.substr(at + 1));
}

}  // namespace sluice::config
