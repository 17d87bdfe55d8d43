// Closing (RFC 9293 3.6, 3.10.4) and the end of a connection.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::close(Tcb& tcb) noexcept {
  switch (tcb.tcp_state) {
    case TcpState::syn_sent: return finish(tcb);
    case TcpState::syn_received: break;  // establish() goes on
    case TcpState::established: tcb.become(TcpState::fin_wait_1); break;
    case TcpState::close_wait: tcb.become(TcpState::last_ack); break;
    default: return;
  }
  if (tcb.unacknowledged.empty()) tcb.progress_ms = now_ms();
  tcb.fin_queued = true;
  tcb.wants_write = false;
  mark_output(tcb);
}

void Tcp::shutdown_read(Tcb& tcb) noexcept {
  tcb.read_shut = true;
  tcb.received.clear_unread();
  consumed(tcb);
}

// The owner has no more interest. The peer is told by a RST when the owner did not close, and when
// octets arrived that nobody read (RFC 9293 3.10.4 and RFC 1122 4.2.2.13, RFC 2525 2.17).
void Tcp::release(Tcb& tcb) noexcept {
  const bool unread = !tcb.received.empty();
  leave_accept_queue(tcb);
  tcb.queue_link.unlink();
  tcb.orphan = true;
  tcb.owner = 0;
  tcb.wants_write = false;
  if (tcb.tcp_state == TcpState::closed) {
    tcbs_.release(tcb);
  } else if (!tcb.fin_queued || unread) {
    abort(tcb);
  } else if (tcb.tcp_state == TcpState::fin_wait_2) {
    set_timer_for_state(tcb);
  }
}

void Tcp::abort(Tcb& tcb) noexcept {
  if (tcb.tcp_state == TcpState::closed) return;
  if (tcb.tcp_state != TcpState::syn_sent) send_reset(tcb);
  fail(tcb, NetError::reset);
}

// The connection is over against our will; what was in its buffers is lost (RFC 9293 3.10.7.4).
void Tcp::fail(Tcb& tcb, NetError error) noexcept {
  tcb.failed = true;
  tcb.failure = error == NetError::timed_out && tcb.has_soft_error ? tcb.soft_error : error;
  tcb.received.clear();
  finish(tcb);
}

void Tcp::enter_time_wait(Tcb& tcb) noexcept {
  if (tcb.ack_now) send_ack(tcb);
  flows_.erase(ref(tcb));
  time_wait_.enter(tcb, now_);
  tcb.time_waits = true;
  retire(tcb);
}

void Tcp::finish(Tcb& tcb) noexcept {
  flows_.erase(ref(tcb));
  retire(tcb);
}

// It is in no table any more. What was received stays for an owner who has not released it.
void Tcp::retire(Tcb& tcb) noexcept {
  const bool half_open = tcb.tcp_state == TcpState::syn_received && tcb.passive();
  const bool nobody_knows_it = tcb.orphan || half_open || (tcb.unaccepted && tcb.failed);
  leave_half_open(tcb);
  tcb.become(TcpState::closed);
  tcb.due.clear();
  tcb.timer.cancel();
  tcb.output_link.unlink();
  tcb.unacknowledged.clear();
  end_episode(tcb);
  end_model(tcb);
  if (!nobody_knows_it) return mark_ready(tcb);
  leave_accept_queue(tcb);
  tcb.queue_link.unlink();
  tcb.received.clear();
  tcbs_.release(tcb);
}

}  // namespace sluice::net::tcp
