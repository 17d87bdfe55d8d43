// Timers: SYN and data retransmission (RFC 6298 5), zero-window probes (RFC 9293 3.8.6.1), delayed
// ACK, the end of an abandoned FIN-WAIT-2.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

// After this many timeouts in a row segments may be fragmented: perhaps a router on the way drops
// large ones and its ICMP is filtered (RFC 2923 2.1).
constexpr std::uint8_t kFragmentAfterTimeouts = 3;

}  // namespace

// The wheel is touched only when the timer has to ring earlier than it is set to.
void Tcp::start_timer(Tcb& tcb, Duration after) noexcept {
  tcb.timer_due = now_ + after;
  if (!tcb.timer.armed() || tcb.timer.due > tcb.timer_due) wheel_.set(tcb.timer, tcb.timer_due);
}

void Tcp::set_timer_for_state(Tcb& tcb) noexcept {
  const bool outstanding = tcb.snd_max != tcb.snd_una;
  const bool waiting =
      tcb.unacknowledged.next_to_send() != nullptr || (tcb.fin_queued && !tcb.fin_acknowledged());
  if (outstanding || waiting) {
    start_timer(tcb, tcb.rtt.timeout(tcb.backoff));
  } else if (tcb.tcp_state == TcpState::fin_wait_2 && tcb.orphan) {
    start_timer(tcb, options_.time_wait);
  } else {
    stop_timer(tcb);
  }
}

void Tcp::on_timer(Tcb& tcb) noexcept {
  if (tcb.timer_due == Instant::never()) return;
  if (now_ < tcb.timer_due) return wheel_.set(tcb.timer, tcb.timer_due);
  stop_timer(tcb);
  switch (tcb.tcp_state) {
    case TcpState::closed: return;
    case TcpState::syn_sent:
    case TcpState::syn_received: return syn_timeout(tcb);
    case TcpState::fin_wait_2:  // the peer never closes its side
      return finish(tcb);
    default:
      if (tcb.snd_max != tcb.snd_una && tcb.snd_wnd > 0) return retransmission_timeout(tcb);
      return persist_timeout(tcb);
  }
}

void Tcp::on_ack_timer(Tcb& tcb) noexcept {
  if (tcb.ack_delayed > 0 || tcb.ack_now) send_ack(tcb);
}

void Tcp::syn_timeout(Tcb& tcb) noexcept {
  if (tcb.backoff >= options_.syn_retries) return fail(tcb, NetError::timed_out);
  ++tcb.backoff;
  ++counters_.segments_retransmitted;
  const bool reachable = send_syn(tcb);
  if (!reachable && tcb.tcp_state == TcpState::syn_sent) fail(tcb, NetError::unreachable);
}

bool Tcp::no_progress(const Tcb& tcb) const noexcept {
  return now_ - tcb.progress >= options_.user_timeout;
}

// Everything that is not acknowledged counts as lost and goes out again in slow start.
void Tcp::retransmission_timeout(Tcb& tcb) noexcept {
  if (no_progress(tcb)) return fail(tcb, NetError::timed_out);
  tcb.congestion.on_timeout(tcb.snd_max, tcb.snd_max - tcb.snd_una, tcb.backoff == 0);
  if (tcb.backoff < kBackoffMax) ++tcb.backoff;
  if (tcb.backoff >= kFragmentAfterTimeouts) tcb.dont_fragment = false;
  tcb.snd_nxt = tcb.snd_una;
  tcb.unacknowledged.rewind();
  start_timer(tcb, tcb.rtt.timeout(tcb.backoff));
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
  start_timer(tcb, tcb.rtt.timeout(tcb.backoff));
}

bool Tcp::retransmit_first(Tcb& tcb) noexcept {
  Packet* packet = tcb.unacknowledged.first();
  if (packet == nullptr) return false;
  if (packet->sequence_length > tcb.mss) tcb.unacknowledged.split(*packet, tcb.mss);
  return transmit(tcb, *packet);
}

}  // namespace sluice::net::tcp
