// RST segments (RFC 9293 3.5.2) and what ICMP errors mean to a connection (RFC 1122 4.2.3.9,
// RFC 5927).
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::send_reset(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (!packet) return;
  ++counters_.resets_out;
  emit(tcb, std::move(packet), tcb.snd_nxt, kRst | kAck);
}

void Tcp::send_reset_for(Segment& segment) noexcept {
  if (segment.header.has(kRst)) return;
  const auto path = ip_.path_to(segment.key.remote, segment.key.local);
  if (!path) return;
  TcpHeader header;
  header.source_port = segment.key.local_port;
  header.destination_port = segment.key.remote_port;
  if (segment.header.has(kAck)) {
    header.sequence = segment.ack();
    header.flags = kRst;
  } else {
    header.acknowledgment = segment.end();
    header.flags = kRst | kAck;
  }
  ++counters_.resets_out;
  send_segment(take_buffer(segment), *path, header, TcpOptions{}, true);
}

void Tcp::error_in(const IpError& error) noexcept {
  if (error.protocol != kProtocolTcp) return;
  const FlowRef ref = flows_.find({error.local, error.remote, error.local_port, error.remote_port});
  if (!ref || ref.kind() != FlowKind::connection) return;
  Tcb& tcb = tcbs_.at(ref.index());
  // RFC 5927 4.1: it must quote something that is in flight.
  if (before(error.sequence, tcb.snd_una) || at_or_after(error.sequence, tcb.snd_nxt)) return;
  if (error.kind == IpError::Kind::packet_too_big) return take_path_mtu(tcb, error.mtu);
  take_unreachable(tcb, error.kind == IpError::Kind::unreachable_hard);
}

// Only an opening connection gives up at once (RFC 5461 4.1). In an open one every such error is
// soft: its timers decide, and the error says why (RFC 5461 3.1, RFC 5927 5.2).
void Tcp::take_unreachable(Tcb& tcb, bool hard) noexcept {
  const NetError error = hard ? NetError::refused : NetError::unreachable;
  tcb.soft_error = error;
  tcb.has_soft_error = true;
  const bool half_open = tcb.tcp_state == TcpState::syn_received && tcb.passive();
  if (tcb.tcp_state == TcpState::syn_sent || (half_open && hard)) fail(tcb, error);
}

}  // namespace sluice::net::tcp
