// What the sessions of one core share. Owned by the Worker; everything here outlives the sessions.
#pragma once

#include <cstdint>

#include "engine/base/block.h"
#include "engine/base/clock.h"
#include "engine/base/intrusive_list.h"
#include "engine/base/timer_wheel.h"
#include "engine/examination/desk.h"
#include "engine/mail/event.h"
#include "engine/mail/ids.h"
#include "engine/policy/source_rates.h"
#include "engine/worker/back_pressure.h"
#include "engine/worker/counters.h"
#include "engine/worker/cycle_ledger.h"
#include "engine/worker/handshake_offload.h"
#include "queueing/in_hand.h"
#include "queueing/shard.h"
#include "scanners/scanner.h"
#include "tls/stream.h"

namespace sluice::worker {

// A compiled rule set with the per-core scanner over it. A reload makes a new one; messages finish
// on the one they began with.
struct ScanState {
  ScanState(std::shared_ptr<const scan::RuleSet> rules_in, const scan::ScanSettings& settings,
            std::size_t capacity)
      : rules(rules_in), scanner(std::move(rules_in), settings, capacity) {}

  std::shared_ptr<const scan::RuleSet> rules;
  scan::Scanner scanner;
  std::uint32_t messages = 0;  // being scanned
};

// The worker's lists that an inbound session can be in.
struct SessionLinks {
  ListLink due;        // its deadline has passed
  ListLink space;      // it waits for a message block
  ListLink handshake;  // it waits for its turn on an offload core
};
using DueSessions = IntrusiveList<SessionLinks, &SessionLinks::due>;
using SpaceWaiters = IntrusiveList<SessionLinks, &SessionLinks::space>;
using HandshakeWaiters = IntrusiveList<SessionLinks, &SessionLinks::handshake>;

struct CoreState {
  Clock& clock;
  TimerWheel& timers;
  BlockPool& blocks;
  queueing::Shard& shard;
  mail::EventSink& events;
  Counters& counters;
  CycleLedger& ledger;
  IdSequence& mids;
  tls::ReadBuffers& tls_buffers;
  HandshakeOffload* handshakes;          // null: handshakes run here
  examination::Desk* examinations;       // null: nothing is examined
  policy::SourceRates& handshake_rates;  // of the sources
  PressureLevel pressure = PressureLevel::low;
  ScanState* scan = nullptr;  // the current one
  bool scan_paused = false;   // by the operator: mail is taken unscanned
  Instant slice_end{};        // sessions that have work left then go on in the next tick
  bool slice_is_over() const noexcept { return clock.now() >= slice_end; }
  DueSessions due{};
  SpaceWaiters space_waiters{};
  HandshakeWaiters handshake_waiters{};
  queueing::InHand* in_hand = nullptr;      // may stay so
  scan::bayes::Lessons* lessons = nullptr;  // null: nothing is learned unasked
};

}  // namespace sluice::worker
