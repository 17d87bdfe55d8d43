// Segments arriving: checks of the header, and which state they meet.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::segment_in(PacketPtr packet, const IpDatagram& ip) noexcept {
  const SynVerdict verdict = verdict_on(*packet, ip);
  if (verdict != SynVerdict::admit) ++counters_.syns_refused;
  if (verdict == SynVerdict::drop) return;  // not even its checksum is worth looking at
  Segment segment;
  if (!parse(std::move(packet), ip, segment)) {
    ++counters_.dropped_malformed;
    return;
  }
  ++counters_.segments_in;
  if (verdict == SynVerdict::reset) return send_reset_for(segment);
  dispatch(segment);
}

// Before anything is looked up or made; a SYN with an ACK answers one of ours. Nearly every SYN was
// judged at the gate, with the others of its burst.
SynVerdict Tcp::verdict_on(const Packet& packet, const IpDatagram& ip) noexcept {
  if (options_.syn_filter == nullptr || packet.length < kTcpHeaderLength) return SynVerdict::admit;
  if ((packet.data[kTcpFlagsOffset] & (kSyn | kAck)) != kSyn) return SynVerdict::admit;
  if ((packet.flags & kRxSynAdmitted) != 0) return SynVerdict::admit;
  if ((packet.flags & kRxSynRefused) != 0) return SynVerdict::reset;
  SynVerdict verdict = SynVerdict::admit;
  options_.syn_filter->verdicts({&ip.source, 1}, &verdict);
  return verdict;
}

bool Tcp::parse(PacketPtr packet, const IpDatagram& ip, Segment& segment) const noexcept {
  TcpHeader& header = segment.header;
  if (!read_tcp(packet->bytes(), header)) return false;
  segment.key = {ip.destination, ip.source, header.destination_port, header.source_port};
  segment.ecn = ip.ecn();
  if (options_.verify_checksums && (packet->flags & kRxL4ChecksumGood) == 0) {
    if (transport_sum(ip.source, ip.destination, kProtocolTcp, packet->bytes()) != 0xffff)
      return false;
  }
  const std::uint32_t options = header.header_length - kTcpHeaderLength;
  if (options > 0) read_tcp_options({packet->data + kTcpHeaderLength, options}, segment.options);
  packet->trim_front(header.header_length);
  packet->sequence = header.sequence;
  segment.packet = std::move(packet);
  return true;
}

void Tcp::dispatch(Segment& segment) noexcept {
  const FlowRef ref = flows_.find(segment.key);
  if (!ref) return input_listen(segment);
  if (ref.kind() == FlowKind::time_wait)
    return input_time_wait(time_wait_.at(ref.index()), segment);
  Tcb& tcb = tcbs_.at(ref.index());
  if (tcb.tcp_state == TcpState::established && input_fast(tcb, segment)) return;
  if (tcb.tcp_state == TcpState::syn_sent) return input_syn_sent(tcb, segment);
  input_synchronized(tcb, segment);
}

// The case that bulk transfer consists of: ESTABLISHED, next in sequence, nothing but data and ACK.
bool Tcp::input_fast(Tcb& tcb, Segment& segment) noexcept {
  const bool plain = (segment.header.flags & ~kPsh) == kAck && segment.seq() == tcb.rcv_nxt &&
                     segment.payload() > 0 && segment.payload() <= tcb.receive_space() &&
                     !tcb.received.has_gap() && !tcb.fin_seen && segment.ack() == tcb.snd_una &&
                     segment.options.sack_count == 0 && !tcb.read_shut && !refuses_data(tcb);
  if (!plain || check_timestamps(tcb, segment) != Paws::pass) return false;
  take_timestamp(tcb, segment);
  take_ecn(tcb, segment);
  tcb.heard_ms = now_ms();
  take_window(tcb, segment);
  note_arrival(tcb, segment.payload());
  tcb.rcv_nxt += segment.payload();
  tcb.received.append(std::move(segment.packet));
  mark_output(tcb);
  mark_ready(tcb);
  return true;
}

}  // namespace sluice::net::tcp
