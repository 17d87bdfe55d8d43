// TLS handshakes on cores of their own, step by step. A worker lends a session and the octets that
// have come for it to an offload core; that one runs the handshake as far as the octets go and
// gives the session back with what is to be sent. A session is in one pair of hands at a time, so
// nothing is locked. The handshake moves as a whole and not its private-key operation alone: key
// agreement, certificate and ticket cost the worker nothing either, and no second stack is needed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/slab.h"
#include "engine/base/spsc_ring.h"
#include "tls/handshake_wire.h"
#include "tls/session.h"

namespace sluice::worker {

struct HandshakeLane;

// One step of a handshake. Belongs to the worker, except between submit() and next_completed().
struct HandshakeJob {
  tls::Session session;
  tls::HandshakeWire wire;
  tls::Outcome outcome = tls::Outcome::want_input;  // of the last step
  // The worker's own.
  std::uint64_t owner = 0;  // packed Handle of the inbound session
  HandshakeLane* lane = nullptr;
  bool in_flight = false;
  bool abandoned = false;
};

// The rings between one worker and one offload core; they never fill, because there are not more
// jobs than places.
struct HandshakeLane {
  explicit HandshakeLane(std::size_t jobs_max);
  SpscRing<HandshakeJob*> submitted, completed;
  std::uint32_t in_flight = 0;  // the worker's own
};

class OffloadCore {
 public:
  HandshakeLane& add_lane(std::size_t jobs_max);  // before run()
  // The thread's body: sleeps while there is nothing to do, returns after stop().
  void run();
  std::size_t run_once();  // one job of each lane; how many there were
  void ring() noexcept;    // something was submitted
  void stop() noexcept;

 private:
  std::vector<std::unique_ptr<HandshakeLane>> lanes_;
  std::atomic<std::uint32_t> bell_{0};
  std::atomic<bool> stopping_{false};
};

// The worker's side. Must outlive the run() of its cores: they may hold its jobs.
class HandshakeOffload {
 public:
  // Up to `inline_per_second` handshakes stay with the worker: when few come, a crossing to another
  // core and back costs more than it saves.
  HandshakeOffload(const std::vector<OffloadCore*>& cores, std::size_t jobs_max,
                   std::uint32_t inline_per_second);

  bool takes_one(Instant now) noexcept;  // whether a handshake that begins now comes here
  bool has_room() const noexcept { return jobs_.available() > 0; }
  HandshakeJob& begin(std::uint64_t owner) noexcept;
  void submit(HandshakeJob& job) noexcept;
  HandshakeJob* next_completed() noexcept;  // nullptr: none now
  void end(HandshakeJob& job) noexcept;     // also of one that is in flight
  bool idle() const noexcept { return in_flight_ == 0; }

 private:
  struct Seat {
    OffloadCore* core;
    HandshakeLane* lane;
  };
  Slab<HandshakeJob> jobs_;
  std::vector<Seat> seats_;
  std::size_t in_flight_ = 0;
  std::uint32_t inline_per_second_;
  std::uint32_t inline_left_ = 0;
  Instant second_begin_{};
};

}  // namespace sluice::worker
