// RFC 9293 3.10.7.4, fifth: the ACK field; RFC 5681 for what it means to the congestion window.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

Tcp::Life Tcp::take_ack(Tcb& tcb, const Segment& segment) noexcept {
  if (tcb.tcp_state == TcpState::syn_received && !accept_syn_ack(tcb, segment)) return Life::over;
  // RFC 5961 5.2: an ACK outside (SND.UNA - MAX.SND.WND .. SND.MAX) is not from our peer's present.
  const Sequence oldest = tcb.snd_una - tcb.snd_wnd_max;
  if (after(segment.ack(), tcb.snd_max) || before(segment.ack(), oldest)) {
    send_challenge_ack(tcb);
    return Life::over;  // drop the segment
  }
  if (after(segment.ack(), tcb.snd_una)) {
    take_new_ack(tcb, segment);
  } else if (segment.ack() == tcb.snd_una) {
    take_duplicate_ack(tcb, segment);
  }
  take_window(tcb, segment);
  return advance_close(tcb);
}

// The last step of the handshake. False: not an answer to our SYN.
bool Tcp::accept_syn_ack(Tcb& tcb, const Segment& segment) noexcept {
  const bool answers = after(segment.ack(), tcb.iss) && at_or_before(segment.ack(), tcb.snd_max);
  if (!answers) {
    send_reset_for(segment);
    return false;
  }
  if (tcb.backoff == 0) tcb.rtt.sample(now_ - tcb.last_sent, options_.rto_min);
  tcb.snd_una = tcb.iss + 1;
  tcb.snd_nxt = std::max(tcb.snd_nxt, tcb.snd_una, before);
  tcb.snd_wnd = tcb.snd_wnd_max = static_cast<std::uint32_t>(segment.header.window)
                                  << tcb.snd_shift;
  tcb.snd_wl1 = segment.seq();
  tcb.snd_wl2 = segment.ack();
  establish(tcb);
  return true;
}

void Tcp::take_new_ack(Tcb& tcb, const Segment& segment) noexcept {
  const std::uint32_t acked = segment.ack() - tcb.snd_una;
  const std::uint32_t flight = tcb.snd_max - tcb.snd_una;
  const bool limited =
      flight + 2u * tcb.mss >= tcb.congestion.window() || before(tcb.snd_nxt, tcb.snd_max);
  const bool writer_waits = tcb.wants_write;
  tcb.snd_una = segment.ack();
  tcb.snd_nxt = std::max(tcb.snd_nxt, tcb.snd_una, before);  // after a timeout it was behind
  measure(tcb, segment, tcb.unacknowledged.acknowledge(tcb.snd_una));
  tcb.backoff = 0;
  tcb.progress = now_;
  const auto action = tcb.congestion.on_ack(tcb.snd_una, acked, tcb.snd_max - tcb.snd_una, limited);
  if (action == NewReno::Action::retransmit_first) retransmit_first(tcb);
  set_timer_for_state(tcb);
  if (!tcb.unacknowledged.empty() || tcb.fin_queued) mark_output(tcb);
  if (writer_waits && tcb.unacknowledged.octets() <= tcb.options.send_buffer / 2) mark_ready(tcb);
}

// RFC 5681 2: no data, no change of window, and something is outstanding.
void Tcp::take_duplicate_ack(Tcb& tcb, const Segment& segment) noexcept {
  const std::uint32_t window = static_cast<std::uint32_t>(segment.header.window) << tcb.snd_shift;
  const bool duplicate = segment.length() == 0 && window == tcb.snd_wnd &&
                         tcb.snd_max != tcb.snd_una && !tcb.unacknowledged.empty();
  if (!duplicate) return;
  const auto action = tcb.congestion.on_duplicate_ack(tcb.snd_una, tcb.snd_max, tcb.flight());
  if (action == NewReno::Action::retransmit_first) {
    retransmit_first(tcb);
    start_retransmission_timer(tcb);
  }
  mark_output(tcb);
}

void Tcp::take_window(Tcb& tcb, const Segment& segment) noexcept {
  const bool newer = before(tcb.snd_wl1, segment.seq()) ||
                     (tcb.snd_wl1 == segment.seq() && at_or_before(tcb.snd_wl2, segment.ack()));
  if (!newer || before(segment.ack(), tcb.snd_una)) return;
  const std::uint32_t window = static_cast<std::uint32_t>(segment.header.window) << tcb.snd_shift;
  const bool opened = window > tcb.snd_wnd;
  tcb.snd_wnd = window;
  tcb.snd_wnd_max = std::max(tcb.snd_wnd_max, window);
  tcb.snd_wl1 = segment.seq();
  tcb.snd_wl2 = segment.ack();
  if (opened && tcb.unacknowledged.next_to_send() != nullptr) {
    if (tcb.flight() == 0) tcb.backoff = 0;  // the persist timer's
    mark_output(tcb);
  }
}

// Karn's rule by what was sent once; else the echoed timestamp (RFC 7323 4.1).
void Tcp::measure(Tcb& tcb, const Segment& segment, std::int64_t sent_ns) noexcept {
  if (sent_ns != 0) {
    tcb.rtt.sample(Duration{now_.ns - sent_ns}, options_.rto_min);
  } else if (tcb.timestamps && segment.options.timestamp_echo != 0) {
    const std::uint32_t ms = timestamp_now(tcb.ts_offset) - segment.options.timestamp_echo;
    if (ms < static_cast<std::uint32_t>(kRtoMax.ms()))
      tcb.rtt.sample(milliseconds(ms), options_.rto_min);
  }
}

// What the acknowledgment of our FIN leads to.
Tcp::Life Tcp::advance_close(Tcb& tcb) noexcept {
  if (!tcb.fin_acknowledged()) return Life::on;
  switch (tcb.tcp_state) {
    case TcpState::fin_wait_1:
      tcb.become(TcpState::fin_wait_2);
      set_timer_for_state(tcb);
      return Life::on;
    case TcpState::closing: enter_time_wait(tcb); return Life::over;
    case TcpState::last_ack: finish(tcb); return Life::over;
    default: return Life::on;
  }
}

}  // namespace sluice::net::tcp
