// TIME-WAIT in an entry of 64 octets (RFC 9293 3.6.1). All wait equally long, so they expire in the
// order of a queue. What leaves the queue out of turn is only marked and dealt with at its head: an
// entry whose wait began again, because the peer repeated its FIN, goes to the end once more; a
// removed one gives its place back. When the table is full the oldest goes early.
#pragma once

#include "engine/base/sparse_slab.h"
#include "engine/net/tcp/tcb.h"

namespace sluice::net::tcp {

struct TimeWait final : FlowNode {
  Sequence snd_nxt = 0;             // what our ACKs carry as sequence number
  Sequence rcv_nxt = 0;             // after the peer's FIN
  std::uint32_t ts_recent = 0;      // the peer's last timestamp
  std::uint32_t expires_ms = 0;     // on the stack's clock, modulo 2^32
  std::uint32_t next = UINT32_MAX;  // in the queue
  std::uint16_t window = 0;         // as on the wire
  bool timestamps : 1 = false;      // negotiated
  bool restarted : 1 = false;       // goes to the end of the queue when it reaches the head
  bool removed : 1 = false;         // is in the queue only
};
static_assert(sizeof(TimeWait) == 64);

class TimeWaitTable {
 public:
  TimeWaitTable(std::size_t capacity, FlowTable& flows, Duration wait);

  // The connection has just left the flow table; its key is entered again for the entry.
  void enter(const Tcb& tcb, Instant now) noexcept;
  void restart(TimeWait& entry, Instant now) noexcept;
  void remove(TimeWait& entry) noexcept;
  std::size_t expire(Instant now) noexcept;
  Instant next_deadline(Instant now) const noexcept;
  bool uses(const Endpoint& local) noexcept;  // looks at all
  std::size_t size() const noexcept { return live_; }
  std::size_t bytes() const noexcept { return entries_.bytes_touched(); }
  TimeWait& at(std::uint32_t index) noexcept { return entries_.at(index); }

 private:
  FlowRef ref(const TimeWait& entry) const noexcept {
    return {FlowKind::time_wait, entries_.index_of(entry)};
  }
  void push(TimeWait& entry) noexcept;
  TimeWait* head() noexcept { return first_ == kNone ? nullptr : &entries_.at(first_); }
  TimeWait& pop() noexcept;
  bool expired(const TimeWait& entry, Instant now) const noexcept;

  static constexpr std::uint32_t kNone = UINT32_MAX;
  SparseSlab<TimeWait> entries_;
  FlowTable& flows_;
  Duration wait_;
  std::uint32_t first_ = kNone;
  std::uint32_t last_ = kNone;
  std::size_t live_ = 0;
};

}  // namespace sluice::net::tcp
