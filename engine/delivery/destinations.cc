#include "engine/delivery/destinations.h"

#include <utility>

#include "engine/base/bytes.h"
#include "engine/delivery/route.h"
#include "engine/dns/name.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kFixedKeyBytes = 3 * 4;  // route, entry, wish; a domain may follow

// What a log calls it: the most that is known of the domain.
std::string name_of(const config::Route& route, const config::Destination* settings,
                    const PeerRule& rule, std::string_view domain) {
  if (!rule.domain.empty()) return rule.domain;
  if (route.next_hops.empty()) return std::string(domain);
  return settings != nullptr && settings->domain != "*" ? settings->domain : route.domain;
}

}  // namespace

void Destinations::configure(const config::Config& config, ClientContexts contexts, bool looks_up) {
  looks_up_ = looks_up;
  config_ = &config;
  contexts_ = std::move(contexts);
}

// Everything is decided by A-labels, as DNS and certificates have them (RFC 5890 2.3.2.1).
Destinations::Found Destinations::find(std::string_view domain, TlsWish wish) {
  if (dns::is_ascii(domain)) return find_ascii(domain, wish);
  return find_ascii(dns::normal_name(domain).value_or(std::string(domain)), wish);
}

Destinations::Found Destinations::find_ascii(std::string_view domain, TlsWish wish) {
  const auto route = find_route(config_->routes, domain);
  if (!route && !looks_up_) return {nullptr, Lack::route};
  const config::Route& hops = route ? config_->routes[*route] : default_route_;
  const auto entry = find_destination(config_->destinations, domain);
  write_key(key_, route, entry, wish, domain);
  if (const auto known = map_.find(key_); known != map_.end()) return {known->second.get()};
  if (!make_room()) return {nullptr, Lack::room};
  const std::string lower(std::string_view(key_).substr(kFixedKeyBytes));
  const PeerRule rule = peer_rule(*config_, contexts_, entry, lower.empty() ? domain : lower, wish);
  const config::Destination* settings = entry ? &config_->destinations[*entry] : nullptr;
  const bool known_user = route && *route < contexts_.credentials.size();
  auto made = std::make_unique<Destination>(
      hops, name_of(hops, settings, rule, lower), rule,
      known_user ? contexts_.credentials[*route] : smtp::Credentials{});
  return {map_.emplace(key_, std::move(made)).first->second.get()};
}

// Its key is no domain's: those begin with a number of four octets.
Destinations::Found Destinations::find_hop(const config::NextHop& hop, TlsWish wish) {
  const std::string text = hop.text();
  const std::string key =
      "=" + std::string(1, static_cast<char>('0' + static_cast<int>(wish))) + text;
  if (const auto known = map_.find(key); known != map_.end()) return {known->second.get()};
  if (!make_room()) return {nullptr, Lack::room};
  const auto route = find_route(config_->routes, text);
  const config::Route own{.domain = text,
                          .next_hops = {hop},
                          .via = route ? config_->routes[*route].via : std::string()};
  const auto entry = find_destination(config_->destinations, text);
  auto made =
      std::make_unique<Destination>(own, text, peer_rule(*config_, contexts_, entry, text, wish));
  return {map_.emplace(key, std::move(made)).first->second.get()};
}

const Destination* Destinations::known(std::string_view domain, TlsWish wish) const {
  const auto route = find_route(config_->routes, domain);
  if (!route && !looks_up_) return nullptr;
  std::string key;
  write_key(key, route, find_destination(config_->destinations, domain), wish, domain);
  const auto found = map_.find(key);
  return found == map_.end() ? nullptr : found->second.get();
}

// A destination whose next hops are looked up is one domain's.
void Destinations::write_key(std::string& key, std::optional<std::size_t> route,
                             std::optional<std::size_t> entry, TlsWish wish,
                             std::string_view domain) const {
  key.clear();
  for (const std::size_t part :
       {route.value_or(SIZE_MAX), entry.value_or(SIZE_MAX), static_cast<std::size_t>(wish)})
    for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(part >> shift);
  const bool fixed_hops = route && !config_->routes[*route].next_hops.empty();
  if (fixed_hops && !names_domain(*config_, entry, wish)) return;
  for (const char c : domain) key += ascii_lower(c);
}

std::vector<std::unique_ptr<Destination>> Destinations::take_all() {
  std::vector<std::unique_ptr<Destination>> all;
  for (auto& [key, destination] : map_) all.push_back(std::move(destination));
  map_.clear();
  return all;
}

bool Destinations::make_room() {
  if (map_.size() >= kMax)
    std::erase_if(map_, [](const auto& item) { return item.second->unused(); });
  return map_.size() < kMax;
}

}  // namespace sluice::delivery
