// Hosts with a stack each on one simulated network, and the loop that drives them: the clock jumps
// from event to event, and only a host that has something to do takes its turn.
#pragma once

#include <functional>
#include <list>

#include "engine/net/stack.h"
#include "tests/support/wire/path.h"
#include "tests/support/wire/sim_port.h"

namespace sluice::net::test {

class Host {
 public:
  Host(Timeline& timeline, std::uint32_t number, std::size_t packets);

  // The stack starts with `options` and both addresses.
  void start(StackOptions options, Instant now);

  Endpoint endpoint(std::uint16_t tcp_port) const { return {address, tcp_port}; }
  Endpoint endpoint_v6(std::uint16_t tcp_port) const { return {address_v6, tcp_port}; }

  IpAddress address;     // 10.0.0.0/8, by the number of the host
  IpAddress address_v6;  // fd00::/64
  SimPort port;
  std::unique_ptr<Transport> stack;
  // The sessions of this host, between poll and flush. Returns when they want a turn at the latest,
  // whatever comes in.
  std::function<Instant()> work = [] { return Instant::never(); };

 private:
  friend class Network;
  void turn(Instant now);
  Instant due_{};
};

class Network {
 public:
  explicit Network(std::uint64_t seed) : timeline(Instant{} + seconds(1)), random(seed) {}

  Host& add_host(const StackOptions& options, std::size_t packets = 4'096,
                 const PortCapabilities& offers = {});
  // A path that lives as long as the network.
  Path& add_path(const WireOptions& options) {
    return paths_.emplace_back(timeline, random, options);
  }
  // A link between two hosts: a path each way.
  void connect(Host& a, Host& b, const WireOptions& options);
  std::list<Host>& hosts() { return hosts_; }

  Instant now() const { return timeline.now(); }
  void step();
  // Steps until `done` or `limit` has passed; tells whether it was done.
  template <typename Done>
  bool run(Duration limit, Done&& done) {
    const Instant end = now() + limit;
    while (!done() && now() < end) step();
    return done();
  }
  void run_for(Duration span) {
    run(span, [] { return false; });
  }

  Timeline timeline;
  Random random;

 private:
  std::list<Path> paths_;
  std::list<Host> hosts_;
};

}  // namespace sluice::net::test
