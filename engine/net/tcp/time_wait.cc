#include "engine/net/tcp/time_wait.h"

namespace sluice::net::tcp {

void TimeWaitTable::enter(const Tcb& tcb, Instant now) noexcept {
  if (entries_.available() == 0) remove(*by_expiry_.front());
  TimeWait& entry = *entries_.acquire();
  entry.key = tcb.key;
  entry.snd_nxt = tcb.snd_nxt;
  entry.rcv_nxt = tcb.rcv_nxt;
  entry.ts_recent = tcb.ts_recent;
  entry.ts_offset = tcb.ts_offset;
  entry.timestamps = tcb.timestamps;
  entry.window = static_cast<std::uint16_t>(tcb.receive_space() >> tcb.rcv_shift);
  entry.expires = now + wait_;
  by_expiry_.push_back(entry);
  flows_.insert(entry);
}

void TimeWaitTable::restart(TimeWait& entry, Instant now) noexcept {
  entry.expires = now + wait_;
  entry.link.unlink();
  by_expiry_.push_back(entry);
}

void TimeWaitTable::remove(TimeWait& entry) noexcept {
  flows_.erase(entry);
  entry.link.unlink();
  entries_.release(entry);
}

std::size_t TimeWaitTable::expire(Instant now) noexcept {
  std::size_t expired = 0;
  for (TimeWait* oldest = by_expiry_.front(); oldest != nullptr && oldest->expires <= now;
       oldest = by_expiry_.front(), ++expired)
    remove(*oldest);
  return expired;
}

Instant TimeWaitTable::next_deadline() noexcept {
  TimeWait* oldest = by_expiry_.front();
  return oldest == nullptr ? Instant::never() : oldest->expires;
}

}  // namespace sluice::net::tcp
