// Timeouts: SYN and data retransmission (RFC 6298 5), zero-window probes (RFC 9293 3.8.6.1),
// delayed ACK.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

// After this many timeouts in a row segments may be fragmented: perhaps a router on the way drops
// large ones and its ICMP is filtered (RFC 2923 2.1).
constexpr std::uint8_t kFragmentAfterTimeouts = 3;

}  // namespace

void Tcp::start_retransmission_timer(Tcb& tcb) noexcept {
  arm(tcb, TimerKind::retransmission, now_ + tcb.rtt.timeout(tcb.backoff));
}

void Tcp::set_timer_for_state(Tcb& tcb) noexcept {
  const bool outstanding = tcb.snd_max != tcb.snd_una;
  const bool waiting =
      tcb.unacknowledged.next_to_send() != nullptr || (tcb.fin_queued && !tcb.fin_acknowledged());
  if (outstanding || waiting) {
    start_retransmission_timer(tcb);
  } else {
    disarm(tcb, TimerKind::retransmission);
    if (tcb.tcp_state == TcpState::fin_wait_2 && tcb.orphan)
      arm(tcb, TimerKind::fin_wait_2, now_ + options_.time_wait);
  }
}

void Tcp::on_retransmission_timer(Tcb& tcb) noexcept {
  switch (tcb.tcp_state) {
    case TcpState::closed: return;
    case TcpState::syn_sent:
    case TcpState::syn_received: return syn_timeout(tcb);
    default:
      if (tcb.snd_max != tcb.snd_una && tcb.snd_wnd > 0) return retransmission_timeout(tcb);
      return persist_timeout(tcb);
  }
}

void Tcp::syn_timeout(Tcb& tcb) noexcept {
  if (tcb.backoff >= options_.syn_retries) return fail(tcb, NetError::timed_out);
  ++tcb.backoff;
  ++counters_.segments_retransmitted;
  const bool reachable = send_syn(tcb);
  if (!reachable && tcb.tcp_state == TcpState::syn_sent) fail(tcb, NetError::unreachable);
}

bool Tcp::no_progress(const Tcb& tcb) const noexcept {
  return now_ - tcb.progress >= milliseconds(tcb.options.user_timeout_ms);
}

// Everything that is not acknowledged counts as lost and goes out again in slow start.
void Tcp::retransmission_timeout(Tcb& tcb) noexcept {
  if (no_progress(tcb)) return fail(tcb, NetError::timed_out);
  tcb.congestion.on_timeout(tcb.snd_max, tcb.snd_max - tcb.snd_una, tcb.backoff == 0);
  if (tcb.backoff < kBackoffMax) ++tcb.backoff;
  if (tcb.backoff >= kFragmentAfterTimeouts) tcb.dont_fragment = false;
  tcb.snd_nxt = tcb.snd_una;
  tcb.unacknowledged.rewind();
  start_retransmission_timer(tcb);
  output(tcb);
}

// The peer's window is closed or too small to be used: at each (ever rarer) timeout use what there
// is of it, or ask. An ACK that brings no progress does not keep the connection beyond the user
// timeout, so that a peer cannot hold our buffers for nothing.
void Tcp::persist_timeout(Tcb& tcb) noexcept {
  if (no_progress(tcb)) return fail(tcb, NetError::timed_out);
  if (tcb.backoff < kBackoffMax) ++tcb.backoff;
  Packet* packet = tcb.unacknowledged.next_to_send();
  if (packet != nullptr && fit_window(tcb, *packet, true)) {
    if (transmit(tcb, *packet)) tcb.unacknowledged.sent_next();
  } else if (packet == nullptr && tcb.fin_queued && !tcb.fin_sent()) {
    send_fin(tcb);
  } else {
    send_window_probe(tcb);
  }
  start_retransmission_timer(tcb);
}

bool Tcp::retransmit_first(Tcb& tcb) noexcept {
  Packet* packet = tcb.unacknowledged.first();
  if (packet == nullptr) return false;
  if (packet->sequence_length > tcb.mss) tcb.unacknowledged.split(*packet, tcb.mss);
  return transmit(tcb, *packet);
}

}  // namespace sluice::net::tcp
