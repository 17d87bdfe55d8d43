// RFC 9293 3.10.7.3: the answer to our SYN.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::input_syn_sent(Tcb& tcb, Segment& segment) noexcept {
  const bool has_ack = segment.header.has(kAck);
  // first: the ACK bit
  if (has_ack && segment.ack() != tcb.snd_nxt) {
    if (!segment.header.has(kRst)) send_reset_for(segment);
    return;
  }
  // second: the RST bit; one without an ACK of our SYN may come from anyone
  if (segment.header.has(kRst)) {
    if (has_ack) fail(tcb, NetError::refused);
    return;
  }
  // fourth: the SYN bit
  if (!segment.header.has(kSyn)) return;
  tcb.irs = segment.seq();
  tcb.rcv_nxt = tcb.last_ack = segment.seq() + 1;
  tcb.rcv_adv = tcb.rcv_nxt + std::min<std::uint32_t>(tcb.options.receive_buffer, 0xffff);
  take_options(tcb, segment.options);
  negotiate_ecn(tcb, segment);
  if (has_ack) return take_syn_ack(tcb, segment);
  // Both open at once. Text waits for ESTABLISHED; a FIN will come again.
  tcb.become(TcpState::syn_received);
  strip_syn(segment);
  if (trim_to_window(tcb, *segment.packet))
    tcb.received.store(std::move(segment.packet), tcb.options.receive_buffer);
  send_syn(tcb);
}

// Our SYN is acknowledged: ESTABLISHED, and on to the sixth step with text and FIN.
void Tcp::take_syn_ack(Tcb& tcb, Segment& segment) noexcept {
  if (tcb.backoff == 0 && tcb.last_sent.ns != 0)
    tcb.rtt.sample(now_ - tcb.last_sent, options_.rto_min);
  tcb.snd_una = segment.ack();
  tcb.snd_wnd = tcb.snd_wnd_max = segment.header.window;  // never scaled in a SYN
  tcb.snd_wl1 = segment.seq();
  tcb.snd_wl2 = segment.ack();
  establish(tcb);
  tcb.ack_now = true;
  mark_output(tcb);
  strip_syn(segment);
  take_fin(tcb, segment);
  if (segment.payload() > 0 && take_payload(tcb, segment) == Life::over) return;
  if (tcb.fin_seen && !tcb.fin_received && tcb.rcv_nxt == tcb.rcv_fin) reach_fin(tcb);
}

}  // namespace sluice::net::tcp
