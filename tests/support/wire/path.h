// One direction of a link with all the faults of WireOptions, in the order in which they meet a
// frame: queue and rate, then what the medium does, then the time it takes.
#pragma once

#include "tests/support/wire/faults.h"

namespace sluice::net::test {

struct WireOptions {
  Duration delay = microseconds(50);
  Duration jitter{};   // 0..jitter more for a frame that is overtaken
  double reorder = 0;  // share of frames that get the jitter
  double loss = 0;
  BurstOptions burst{};
  double duplicate = 0;
  double corrupt = 0;                    // one bit flipped
  std::uint64_t bits_per_second = 0;     // 0 = no bottleneck
  std::size_t queue_octets = 1'000'000;  // in front of the bottleneck, drop-tail
  Duration transmit_hold{};              // how long a device keeps what it has sent
};

class Path final : public Node {
 public:
  Path(Timeline& timeline, Random& random, const WireOptions& options = {});

  void set_options(const WireOptions& options);
  void take(Frame frame) override { bottleneck_.take(std::move(frame)); }
  void feed(Node& end) override { delay_.feed(end); }
  const Bottleneck& bottleneck() const { return bottleneck_; }

 private:
  Bottleneck bottleneck_;
  Loss loss_;
  BurstLoss burst_;
  Duplicate duplicate_;
  Corrupt corrupt_;
  Delay delay_;
};

}  // namespace sluice::net::test
