// One core that has nothing but a server stack on it, with honest peers and a flood of SYNs in
// front. Its time is the CPU time that the stack takes: packets that come while it is busy wait in
// a receive ring, and what finds the ring full is lost. Peers exist only as packets and cost no
// time.
#pragma once

#include <deque>
#include <map>

#include "bench/stack/link.h"
#include "bench/stack/segments.h"
#include "engine/base/random.h"

namespace sluice::bench {

struct Load {
  double honest_rate = 0;  // attempts in a second
  unsigned flood = 0;      // SYNs from strangers per honest attempt
  double session_us = 0;   // CPU time that the application takes for an honest connection
  double seconds = 0.5;    // of the server's time
};

struct Outcome {
  double established_rate = 0;  // connections a second that were accepted
  std::uint32_t tcbs_max = 0;   // without TIME-WAIT
};

class FloodedServer {
 public:
  FloodedServer(const StackLibrary& library, const std::string& options, const Load& load);
  Outcome run();

 private:
  using Octets = std::vector<std::uint8_t>;

  void let_arrive();
  void arrive(Octets packet);
  std::uint64_t next_arrival_ns() const;
  std::uint64_t serve();
  void answer(std::uint64_t at_ns);
  Octets honest_syn();
  Octets flood_syn();

  const StackLibrary& library_;
  Load load_;
  Link link_;
  int listener_;
  std::uint64_t start_ns_;
  std::uint64_t now_ns_;
  double honest_due_ns_;
  double flood_due_ns_;
  std::uint32_t attempts_ = 0;
  std::deque<Octets> ring_;
  std::deque<std::pair<std::uint64_t, Octets>> answers_;  // of honest peers, with their times
  std::vector<Octets> burst_;
  std::vector<Octets> sent_;  // by the server in this round
  std::uint64_t accepted_ = 0;
  std::uint32_t tcbs_max_ = 0;
  Random random_{1};
};

}  // namespace sluice::bench
