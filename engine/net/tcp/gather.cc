// When a small segment waits for company: Nagle's algorithm (RFC 9293 3.7.4) and the writer's hint
// that more is coming.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr Duration kCorkMax = milliseconds(200);  // how long a hint holds octets back

}  // namespace

// The hint holds until the next write without it, but no octet waits longer than kCorkMax.
void Tcp::set_cork(Tcb& tcb, bool more) noexcept {
  if (more && !tcb.corked) arm(tcb, TimerKind::cork, now_ + kCorkMax);
  if (!more) disarm(tcb, TimerKind::cork);
  tcb.corked = more;
}

void Tcp::on_cork_timer(Tcb& tcb) noexcept {
  tcb.corked = false;
  output(tcb);
}

// Only the last packet of the queue can still grow.
bool Tcp::must_gather(const Tcb& tcb, const Packet& packet) const noexcept {
  const bool small = packet.sequence_length < tcb.mss;
  if (!small || packet.next != nullptr || tcb.fin_queued) return false;
  if (tcb.corked) return true;
  return !tcb.options.no_delay && tcb.snd_nxt != tcb.snd_una;
}

}  // namespace sluice::net::tcp
