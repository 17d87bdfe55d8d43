// Segments for no connection: RFC 9293 3.10.7.1 (CLOSED) and 3.10.7.2 (LISTEN).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::input_listen(Segment& segment) noexcept {
  if (segment.header.has(kRst)) return;
  const auto tag = listeners_.find(segment.key.local, segment.key.local_port);
  if (!tag || segment.header.has(kAck)) return send_reset_for(segment);
  if (!segment.header.has(kSyn) || segment.header.has(kFin) || segment.key.remote_port == 0) return;
  const auto path = ip_.path_to(segment.key.remote, segment.key.local);
  if (!path) return;
  // The oldest half-open connection makes room: under a flood each still has time for one round
  // trip, and an honest peer is not locked out.
  if (half_open_count_ >= options_.syn_backlog && half_open_count_ > 0) {
    ++counters_.dropped_no_resources;
    finish(*half_open_.front());
  }
  Tcb* tcb = open(segment.key, *path);
  if (tcb == nullptr) return;
  tcb->listener = *tag;
  tcb->irs = segment.seq();
  tcb->rcv_nxt = tcb->rcv_adv = tcb->last_ack = segment.seq() + 1;
  tcb->timestamps = tcb->sack = true;
  take_options(*tcb, segment.options);
  tcb->become(TcpState::syn_received);
  half_open_.push_back(*tcb);
  ++half_open_count_;
  send_syn(*tcb);
}

// The options of the peer's SYN or SYN-ACK against what we support.
void Tcp::take_options(Tcb& tcb, const TcpOptions& options) noexcept {
  tcb.timestamps = tcb.timestamps && options.has_timestamps;
  tcb.sack = tcb.sack && options.sack_permitted;
  if (tcb.timestamps) tcb.ts_recent = options.timestamp_value;
  tcb.snd_shift = options.has_window_shift ? options.window_shift : std::uint8_t{0};
  if (!options.has_window_shift) tcb.rcv_shift = 0;
  const std::uint32_t announced = options.mss == 0 ? default_mss(tcb.key.remote) : options.mss;
  std::uint32_t mss = std::clamp<std::uint32_t>(announced, kMssMin, local_mss(tcb.key.remote));
  if (tcb.timestamps) mss -= kTimestampOptionLength;
  tcb.mss = static_cast<std::uint16_t>(mss);
  tcb.congestion.start(mss, options_.initial_window, tcb.iss);
}

// Enters ESTABLISHED and shows the connection to its owner.
void Tcp::establish(Tcb& tcb) noexcept {
  leave_half_open(tcb);
  tcb.become(TcpState::established);
  tcb.backoff = 0;
  tcb.progress = now_;
  disarm(tcb, TimerKind::retransmission);
  mark_ready(tcb);
}

}  // namespace sluice::net::tcp
