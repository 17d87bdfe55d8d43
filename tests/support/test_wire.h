// A wire between two ports in memory, with faults drawn from a seed: a path each way.
#pragma once

#include "tests/support/wire/path.h"
#include "tests/support/wire/sim_port.h"

namespace sluice::net::test {

class TestWire {
 public:
  TestWire(std::uint64_t seed, const WireOptions& options, std::size_t packets = 4'096);

  SimPort& port(int side) { return side == 0 ? a_ : b_; }
  void set_options(const WireOptions& options);
  // Of the path that `side` sends into.
  void set_options(int side, const WireOptions& options);
  // A stage of the test's own in front of the path that `side` sends into; it feeds that path.
  void insert(int side, Node& stage);
  void advance(Instant now);  // moves what is due into the ports
  Instant next_event() const;
  std::size_t in_flight() const { return timeline_.pending(); }
  Timeline& timeline() { return timeline_; }
  // Puts a frame in front of a port, as if it had come over the wire.
  void inject(int side, Frame frame) { port(side).take(std::move(frame)); }

 private:
  Path& path(int side) { return side == 0 ? from_a_ : from_b_; }

  Timeline timeline_;
  Random random_;
  Path from_a_;
  Path from_b_;
  SimPort a_;
  SimPort b_;
};

}  // namespace sluice::net::test
