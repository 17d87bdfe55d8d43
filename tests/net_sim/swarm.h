// A run of several hosts on one switch, drawn from a seed: which faults the links have, which
// options the stacks, who talks to whom and how. Safety phase: faults on, nothing may be changed or
// invented. Liveness phase: faults off, every conversation must end. At the end nothing may be left
// in any stack.
#pragma once

#include <deque>
#include <map>

#include "tests/net_sim/talker.h"
#include "tests/support/wire/network.h"
#include "tests/support/wire/switch.h"
#include "tests/support/wire/trace.h"

namespace sluice::net::test {

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed);
  // Empty when nothing went wrong.
  std::string run();
  std::string describe() const;          // what was drawn
  void record(const std::string& path);  // what the hosts send, as pcap

 private:
  struct Link {
    Host* host;
    Path* up;
    Path* down;
    WireOptions faults;
    bool cookies;  // its listener keeps no half-open connection
    Instant cut_until{};
    void set(const WireOptions& options);
  };
  struct Flow {
    Flow(Link& client_in, Link& server_in, Instant begins_in, std::uint64_t number,
         const Habit& call, const Habit& answer)
        : client(client_in),
          server(server_in),
          begins(begins_in),
          forth{.seed = 2 * number + 1},
          back{.seed = 2 * number + 2},
          caller(call, true, answer.octets, forth, back),
          answerer(answer, false, call.octets, back, forth) {}

    Link& client;
    Link& server;
    Instant begins;
    bool v6 = false;
    Stream forth;
    Stream back;
    Talker caller;
    Talker answerer;
  };

  void add_host();
  void add_flow(std::size_t index);
  Instant work(Host& host);
  void accept(Host& host);
  void begin(Flow& flow);
  bool over(const Flow& flow) const;
  void leave_the_abandoned(Flow& flow);
  void cut_links();
  void end_faults();
  std::string check(const Flow& flow) const;
  std::string check_at_rest() const;

  std::uint64_t seed_;
  Network network_;
  Switch hub_;
  std::deque<Link> links_;
  std::deque<Flow> flows_;
  std::map<std::pair<Endpoint, Endpoint>, Flow*> opened_;  // by client and server
  Duration mean_cut_{};
  Instant next_cut_ = Instant::never();
  std::string fault_;
  std::optional<Trace> trace_;
};

}  // namespace sluice::net::test
