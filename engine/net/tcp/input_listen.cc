// Segments for no connection: RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// `used`: the sequence numbers up to it belong to an earlier connection of the same flow.
void Tcp::input_listen(Segment& segment, std::optional<Sequence> used) noexcept {
  if (segment.header.has(kRst)) return;  // first
  Listener* listener = listeners_.find(segment.key.local, segment.key.local_port);
  if (listener == nullptr) return send_reset_for(segment);
  if (segment.header.has(kAck)) {  // second: none of our SYN-ACKs, unless it was a cookie
    if (!accept_cookie(*listener, segment)) send_reset_for(segment);
    return;
  }
  // third; a FIN or text with the SYN is not acknowledged and will come again
  if (!segment.header.has(kSyn) || segment.key.remote_port == 0) return;
  if (listener->waiting > listener->backlog) {
    ++counters_.dropped_accept_queue;
    return;
  }
  const bool full = half_open_count_ >= options_.syn_backlog;
  if (options_.syn_cookies == SynCookies::on || (full && options_.syn_cookies != SynCookies::off))
    return send_cookie(*listener, segment);
  if (full) make_room_for_half_open();
  Sequence iss = isn_.next(segment.key, now_);
  if (used && !after(iss, *used)) iss = *used + kSequenceGap;
  if (Tcb* tcb = open_half(*listener, segment, iss)) send_syn(*tcb);
}

// The oldest half-open connection makes room: under a flood each still has time for one round trip,
// and an honest peer is not locked out.
void Tcp::make_room_for_half_open() noexcept {
  Tcb* oldest = half_open_.front();
  if (oldest == nullptr) return;
  ++counters_.dropped_no_resources;
  finish(*oldest);
}

// SYN-RECEIVED from LISTEN; nothing is sent yet.
Tcb* Tcp::open_half(const Listener& listener, const Segment& syn, Sequence iss) noexcept {
  const auto path = ip_.path_to(syn.key.remote, syn.key.local);
  Tcb* tcb = path ? open(syn.key, *path, listener.options, iss) : nullptr;
  if (tcb == nullptr) return nullptr;
  tcb->listener = listener.tag;
  tcb->irs = syn.seq();
  tcb->rcv_nxt = tcb->rcv_adv = tcb->last_ack = syn.seq() + 1;
  take_options(*tcb, syn.options);
  negotiate_ecn(*tcb, syn);
  tcb->become(TcpState::syn_received);
  half_open_.push_back(*tcb);
  ++half_open_count_;
  return tcb;
}

// The options of the peer's SYN or SYN-ACK against what we offer.
void Tcp::take_options(Tcb& tcb, const TcpOptions& options) noexcept {
  tcb.timestamps = tcb.timestamps && options.has_timestamps;
  tcb.sack = tcb.sack && options.sack_permitted;
  tcb.window_scaling = tcb.window_scaling && options.has_window_shift;
  if (tcb.timestamps) {
    tcb.ts_recent = options.timestamp_value;
    tcb.ts_recent_ms = static_cast<std::uint32_t>(now_.ns / 1'000'000);
  }
  tcb.snd_shift = tcb.window_scaling ? options.window_shift : std::uint8_t{0};
  if (!tcb.window_scaling) tcb.rcv_shift = 0;
  const std::uint32_t announced = options.mss == 0 ? default_mss(tcb.key.remote) : options.mss;
  std::uint32_t mss = std::clamp<std::uint32_t>(announced, kMssMin, announced_mss(tcb));
  if (tcb.timestamps) mss -= kTimestampOptionLength;  // RFC 6691 2
  tcb.mss = static_cast<std::uint16_t>(mss);
  // Whole segments, so that a sender who fills the window does not end with a piece of one.
  tcb.options.receive_buffer = (tcb.options.receive_buffer + mss - 1) / mss * mss;
  tcb.congestion.start(options_.congestion_control, initial_window(tcb));
}

// Enters ESTABLISHED and shows the connection to its owner. A close() that came before is obeyed
// now: until our SYN is acknowledged a FIN could not be understood.
void Tcp::establish(Tcb& tcb) noexcept {
  leave_half_open(tcb);
  tcb.become(TcpState::established);
  if (tcb.backoff > 0) tcb.rtt.start(kRtoAfterSynTimeout);           // RFC 6298 5.7
  if (tcb.backoff > 1) tcb.congestion.set_window(tcb.mss, tcb.mss);  // RFC 5681 3.1
  tcb.backoff = 0;
  tcb.progress_ms = tcb.heard_ms = now_ms();
  start_keep_alive(tcb);
  tcb.quick_acks = options_.quick_ack ? kQuickAcks : std::uint8_t{0};
  disarm(tcb, TimerKind::retransmission);
  if (tcb.passive()) enter_accept_queue(tcb);
  tcb.rcv_nxt = tcb.received.join(tcb.rcv_nxt);  // what came with the SYN
  if (tcb.fin_queued) {
    tcb.become(TcpState::fin_wait_1);
    mark_output(tcb);
  }
  mark_ready(tcb);
}

}  // namespace sluice::net::tcp
