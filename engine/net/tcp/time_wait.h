// TIME-WAIT in a small entry of its own (RFC 9293 3.6.1): all wait equally long, so they expire in
// the order of a list. When the table is full the oldest goes early.
#pragma once

#include "engine/base/intrusive_list.h"
#include "engine/base/slab.h"
#include "engine/net/tcp/tcb.h"

namespace sluice::net::tcp {

struct TimeWait final : FlowNode {
  TimeWait() : FlowNode(Kind::time_wait) {}

  Sequence snd_nxt = 0;
  Sequence rcv_nxt = 0;
  std::uint32_t ts_recent = 0;
  std::uint32_t ts_offset = 0;
  bool timestamps = false;
  std::uint16_t window = 0;
  Instant expires{};
  ListLink link;
};

class TimeWaitTable {
 public:
  TimeWaitTable(std::size_t capacity, FlowTable& flows, Duration wait)
      : entries_(capacity), flows_(flows), wait_(wait) {}

  // The connection has just left the flow table; its key is entered again for the entry.
  void enter(const Tcb& tcb, Instant now) noexcept;
  void restart(TimeWait& entry, Instant now) noexcept;  // the peer sent its FIN again
  void remove(TimeWait& entry) noexcept;
  std::size_t expire(Instant now) noexcept;
  Instant next_deadline() noexcept;
  std::size_t size() const noexcept { return entries_.in_use(); }

 private:
  Slab<TimeWait> entries_;
  IntrusiveList<TimeWait, &TimeWait::link> by_expiry_;
  FlowTable& flows_;
  Duration wait_;
};

}  // namespace sluice::net::tcp
