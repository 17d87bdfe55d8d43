// Carries events from a worker to the control thread: an EventSink that copies each event into the
// worker's byte ring, and the reader on the other side. When the ring is full the event is dropped
// and counted; the worker never waits for a log.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/spsc_ring.h"
#include "engine/mail/event.h"

namespace sluice::control {

class EventRing final : public mail::EventSink {
 public:
  EventRing(std::size_t capacity, Clock& clock) : ring_(capacity), clock_(clock) {}

  void emit(const mail::Event& event) noexcept override;

  // Control side: the oldest event and when it happened; its texts are valid until pop().
  bool front(mail::Event& event, WallTime& at) noexcept;
  void pop() noexcept { ring_.release(); }
  std::uint64_t dropped() const noexcept { return ring_.dropped(); }

 private:
  static constexpr std::size_t kTextMax = 1024;  // octets of one text; longer ones are cut
  SpscByteRing ring_;
  Clock& clock_;
};

}  // namespace sluice::control
