// The reference of the configuration, printed from the schema so that it cannot be out of date.
#include <fmt/format.h>

#include "engine/config/load.h"
#include "engine/config/schema.h"

namespace sluice::config {
namespace {

// A default that loads: what is required shows an example.
template <class S>
S example() {
  return {};
}

template <>
Port example() {
  Port port;
  port.name = "mx0";
  port.device = "0000:3b:00.0";
  port.addresses = {*Prefix::parse("192.0.2.10/24")};
  port.gateways = {*IpAddress::parse("192.0.2.1")};
  return port;
}

template <>
Certificate example() {
  Certificate certificate;
  certificate.name = "mx";
  certificate.file = "mx.pem";
  certificate.key = "mx.key";
  return certificate;
}

template <>
Listener example() {
  Listener listener;
  listener.name = "inbound";
  listener.port_name = "mx0";
  listener.hostname = "mx.example.com";
  return listener;
}

template <>
Route example() {
  Route route;
  route.domain = "*";
  route.next_hops = {*NextHop::parse("192.0.2.25:25")};
  route.via = "mx0";
  return route;
}

template <>
Destination example() {
  Destination destination;
  destination.domain = "example.net";
  return destination;
}

template <>
ReplyRule example() {
  ReplyRule rule;
  rule.domain = "example.net";
  rule.match = "552 5.2.2*";
  return rule;
}

template <>
AttachmentRule example() {
  AttachmentRule rule;
  rule.name = "NO_PROGRAMS";
  rule.file_names = {"*.exe", "*.scr"};
  return rule;
}

template <>
Config example() {
  Config config;
  config.hostname = "mx.example.com";
  config.accepted_domains = {"example.com"};
  return config;
}

template <class S>
void add_keys(const std::string& table, const std::vector<Key<S>>& keys,
              std::vector<KeyFacts>& out) {
  const S values = example<S>();
  for (const Key<S>& key : keys)
    out.push_back({table, std::string(key.name), key.need == Need::required, key.value.show(values),
                   key.value.allowed, std::string(key.doc)});
}

}  // namespace

std::vector<KeyFacts> all_keys() {
  std::vector<KeyFacts> all;
  add_keys("", schema().top, all);
  add_keys("domains", schema().domains, all);
  for_each_table([&](std::string_view table, const auto& keys, auto place) {
    const Config config;
    constexpr bool list = requires { (config.*place).front(); };
    add_keys(list ? fmt::format("[{}]", table) : std::string(table), keys, all);
  });
  return all;
}

std::string describe_defaults() {
  std::string out, table;
  for (const KeyFacts& key : all_keys()) {
    if (key.table != table) out += fmt::format("\n[{}]\n", table = key.table);
    out += fmt::format("# {}\n# {}{}\n{} = {}\n", key.meaning, key.required ? "required: " : "",
                       key.allowed, key.name, key.shown);
  }
  return out;
}

}  // namespace sluice::config
