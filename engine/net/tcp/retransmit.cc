// Retransmission timeouts of SYN, data and FIN (RFC 6298 5).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::start_retransmission_timer(Tcb& tcb) noexcept {
  Duration wait = tcb.rtt.timeout(tcb.backoff);
  if (is_synchronized(tcb.tcp_state)) {  // the user timeout ends it on time (RFC 9293 3.10.8)
    const std::uint32_t waited_ms = now_ms() - tcb.progress_ms;
    const std::uint32_t limit_ms = tcb.options.user_timeout_ms;
    wait = std::min(wait, milliseconds(limit_ms > waited_ms ? limit_ms - waited_ms : 0));
  }
  arm(tcb, TimerKind::retransmission, now_ + wait);
}

// After SND.UNA moved (RFC 6298 5.2, 5.3) or the state did.
void Tcp::set_timer_for_state(Tcb& tcb) noexcept {
  const bool outstanding = tcb.snd_nxt != tcb.snd_una;
  const bool waiting =
      tcb.unacknowledged.next_to_send() != nullptr || (tcb.fin_queued && !tcb.fin_acknowledged());
  if (outstanding || waiting) {
    start_retransmission_timer(tcb);
    arm_probe(tcb);
    return;
  }
  disarm(tcb, TimerKind::reordering);
  disarm(tcb, TimerKind::tail_loss_probe);
  if (tcb.tcp_state != TcpState::fin_wait_2 || !tcb.orphan) {
    disarm(tcb, TimerKind::retransmission);
  } else {  // nobody waits for the peer's FIN any more
    arm(tcb, TimerKind::retransmission, now_ + options_.time_wait);
  }
}

void Tcp::on_retransmission_timer(Tcb& tcb) noexcept {
  follow_route(tcb);
  switch (tcb.tcp_state) {
    case TcpState::closed: return;
    case TcpState::syn_sent:
    case TcpState::syn_received: return syn_timeout(tcb);
    case TcpState::fin_wait_2: return finish(tcb);
    default:
      if (tcb.snd_nxt != tcb.snd_una && tcb.snd_wnd > 0) return retransmission_timeout(tcb);
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
  return now_ms() - tcb.progress_ms >= tcb.options.user_timeout_ms;
}

void Tcp::retransmission_timeout(Tcb& tcb) noexcept {
  if (no_progress(tcb)) return fail(tcb, NetError::timed_out);
  ++counters_.timeouts;
  const bool first = tcb.backoff == 0;
  if (tcb.backoff < kBackoffMax) ++tcb.backoff;  // 5.5
  note_application_limit(tcb);
  clamp_black_hole(tcb);
  enter_timed_out(tcb, first);
  start_retransmission_timer(tcb);  // 5.6
  disarm(tcb, TimerKind::tail_loss_probe);
  disarm(tcb, TimerKind::reordering);
  output(tcb);  // 5.4
}

}  // namespace sluice::net::tcp
