// The virtual clock of a simulated network: which frame reaches which node at what time. Nothing
// here waits; whoever drives it says how late it is.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"

namespace sluice::net::test {

using Frame = std::vector<std::uint8_t>;  // from the Ethernet header, without the check sequence

// A stage on the way of a frame. Stages are chained by feed(); each passes frames on, at once or
// through the timeline, or drops them.
class Node {
 public:
  virtual ~Node() = default;
  virtual void take(Frame frame) = 0;
  // The next stage; it outlives this one.
  virtual void feed(Node& next) { next_ = &next; }

 protected:
  void pass(Frame frame) {
    if (next_ != nullptr) next_->take(std::move(frame));
  }

  Node* next_ = nullptr;
};

class Timeline {
 public:
  explicit Timeline(Instant start = {}) : now_(start) {}

  Instant now() const { return now_; }
  void at(Instant when, Node& node, Frame frame);
  // Hands over what is due at or before `now`, in the order of time and then of at(). While a node
  // has a frame in hand, now() is the time at which it was due.
  void advance(Instant now);
  Instant next() const { return events_.empty() ? Instant::never() : events_.front().when; }
  std::size_t pending() const { return events_.size(); }

 private:
  struct Event {
    Instant when;
    std::uint64_t order;
    Node* node;
    Frame frame;
  };
  static bool later(const Event& a, const Event& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  Instant now_;
  std::uint64_t scheduled_ = 0;
  std::vector<Event> events_;  // a heap, the earliest first
};

}  // namespace sluice::net::test
