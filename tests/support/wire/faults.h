// What can happen to a frame on its way, one small stage each. All chance comes from the generator
// that a stage is given. A stage whose share is 0 passes everything and draws nothing.
//
// The fault model: the check sequence of the link protects the Ethernet header and ARP, so that
// damage there is a loss. What Corrupt changes is the IP packet, as a router's bad memory would.
#pragma once

#include "engine/base/random.h"
#include "tests/support/wire/timeline.h"

namespace sluice::net::test {

// Each frame is lost with the same probability.
class Loss final : public Node {
 public:
  explicit Loss(Random& random) : random_(random) {}
  void take(Frame frame) override;
  double share = 0;

 private:
  Random& random_;
};

// Losses in bursts (Gilbert 1960, Elliott 1963): a good state that loses nothing and a bad one that
// loses most; the state may change with every frame.
struct BurstOptions {
  double begins = 0;   // probability per frame that the bad state begins
  double ends = 0.25;  // probability per frame that it ends: 1 / mean length in frames
  double loss = 0.9;   // in the bad state
};

class BurstLoss final : public Node {
 public:
  explicit BurstLoss(Random& random) : random_(random) {}
  void take(Frame frame) override;
  BurstOptions options;

 private:
  Random& random_;
  bool bad_ = false;
};

// Some frames arrive twice.
class Duplicate final : public Node {
 public:
  explicit Duplicate(Random& random) : random_(random) {}
  void take(Frame frame) override;
  double share = 0;

 private:
  Random& random_;
};

// One bit of the IP packet flips.
class Corrupt final : public Node {
 public:
  explicit Corrupt(Random& random) : random_(random) {}
  void take(Frame frame) override;
  double share = 0;

 private:
  Random& random_;
};

// Every frame takes `delay`; a share of them takes up to `jitter` more and is overtaken.
class Delay final : public Node {
 public:
  Delay(Timeline& timeline, Random& random) : timeline_(timeline), random_(random) {}
  void take(Frame frame) override;
  Duration delay{};
  Duration jitter{};
  double reorder = 0;

 private:
  Timeline& timeline_;
  Random& random_;
};

// A link of limited rate with a drop-tail queue in front of it.
class Bottleneck final : public Node {
 public:
  explicit Bottleneck(Timeline& timeline) : timeline_(timeline), sent_(*this) {}
  void take(Frame frame) override;
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t carried() const { return carried_; }  // octets
  std::uint64_t bits_per_second = 0;                  // 0 = no limit
  std::size_t queue_octets = 1'000'000;

 private:
  struct Sent final : Node {  // a frame whose last bit is on the link
    explicit Sent(Bottleneck& link_in) : link(link_in) {}
    void take(Frame frame) override;
    Bottleneck& link;
  };

  Timeline& timeline_;
  Sent sent_;
  Instant busy_until_{};
  std::size_t queued_ = 0;  // octets
  std::uint64_t dropped_ = 0;
  std::uint64_t carried_ = 0;
};

}  // namespace sluice::net::test
