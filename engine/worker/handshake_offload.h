// TLS handshakes on cores of their own, step by step. A worker lends a session and the octets that
// have come for it to an offload core; that one runs the handshake as far as the octets go and
// gives the session back with what is to be sent. The handshake moves as a whole and not its
// private-key operation alone: key agreement, certificate and ticket cost the worker nothing
// either, and no second stack is needed.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/lending.h"
#include "engine/base/slab.h"
#include "tls/handshake_wire.h"
#include "tls/session.h"

namespace sluice::worker {

// One step of a handshake; its owner is the packed Handle of the inbound session. Belongs to the
// worker, except between submit() and next_completed().
struct HandshakeJob : Lendable {
  tls::Session session;
  tls::HandshakeWire wire;
  tls::Outcome outcome = tls::Outcome::want_input;  // of the last step
};

// The thread's side.
class OffloadCore : public Borrower<HandshakeJob> {
 public:
  void run() { Borrower::run(step); }
  std::size_t run_once() { return Borrower::run_once(step); }

 private:
  static void step(HandshakeJob& job) { job.outcome = job.session.handshake(); }
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
  bool idle() const noexcept { return lender_.idle(); }

 private:
  Slab<HandshakeJob> jobs_;
  Lender<HandshakeJob> lender_;
  std::uint32_t inline_per_second_;
  std::uint32_t inline_left_ = 0;
  Instant second_begin_{};
};

}  // namespace sluice::worker
