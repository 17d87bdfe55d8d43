// All destinations of one core, made when a recipient first needs them: one for each route and each
// rule on the TLS of its peers, so that messages share connections only when both are the same.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/delivery/destination.h"
#include "engine/delivery/peer_rule.h"

namespace sluice::delivery {

class Destinations {
 public:
  static constexpr std::size_t kMax = 4'096;  // at once, per worker

  // Those of the old configuration must have been taken out.
  // `looks_up`: domains without a route have one, to the hosts that DNS names.
  void configure(const config::Config& config, ClientContexts contexts, bool looks_up);

  enum class Lack : std::uint8_t { none, route, room };
  struct Found {
    Destination* destination = nullptr;  // null: `lack` says of what
    Lack lack = Lack::none;
  };
  Found find(std::string_view domain, TlsWish wish);
  // The operator's own next hop, whatever the routes say but for the port that mail leaves by.
  Found find_hop(const config::NextHop& hop, TlsWish wish);
  // The one there is; nullptr when none has been needed yet.
  const Destination* known(std::string_view domain, TlsWish wish) const;

  const ClientContexts& contexts() const noexcept { return contexts_; }

  std::vector<std::unique_ptr<Destination>> take_all();
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, destination] : map_) visit(*destination);
  }

 private:
  Found find_ascii(std::string_view domain, TlsWish wish);
  void write_key(std::string& key, std::optional<std::size_t> route,
                 std::optional<std::size_t> entry, TlsWish wish, std::string_view domain) const;
  bool make_room();

  const config::Config* config_ = nullptr;
  ClientContexts contexts_;
  bool looks_up_ = false;
  config::Route default_route_{.domain = "*"};
  std::string key_;  // reused
  std::map<std::string, std::unique_ptr<Destination>, std::less<>> map_;
};

}  // namespace sluice::delivery
