// Segments arriving: checks of the header, dispatch by state, and the order of checks of
// RFC 9293 3.10.7.4 for synchronized connections.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::segment_in(PacketPtr packet, const IpDatagram& ip) noexcept {
  const SynVerdict verdict = verdict_on(*packet, ip);
  if (verdict != SynVerdict::admit) ++counters_.syns_refused;
  if (verdict == SynVerdict::drop) return;  // not even its checksum is worth looking at
  auto segment = parse(std::move(packet), ip);
  if (!segment) {
    ++counters_.dropped_malformed;
    return;
  }
  ++counters_.segments_in;
  if (verdict == SynVerdict::reset) return send_reset_for(*segment);
  dispatch(*segment);
}

// Before anything is looked up or made; a SYN with an ACK answers one of ours.
SynVerdict Tcp::verdict_on(const Packet& packet, const IpDatagram& ip) noexcept {
  if (options_.syn_filter == nullptr || packet.length < kTcpHeaderLength) return SynVerdict::admit;
  if ((packet.data[kTcpFlagsOffset] & (kSyn | kAck)) != kSyn) return SynVerdict::admit;
  return options_.syn_filter->verdict(ip.source);
}

std::optional<Segment> Tcp::parse(PacketPtr packet, const IpDatagram& ip) const noexcept {
  const auto header = parse_tcp(packet->bytes());
  if (!header) return {};
  Segment segment;
  segment.key = {ip.destination, ip.source, header->destination_port, header->source_port};
  segment.ecn = ip.ecn();
  if ((packet->flags & kRxL4ChecksumGood) == 0) {
    const std::uint16_t pseudo =
        pseudo_header_sum(segment.key.remote, segment.key.local, kProtocolTcp, packet->length);
    if (checksum_add(pseudo, checksum_sum(packet->bytes())) != 0xffff) return {};
  }
  segment.header = *header;
  const std::uint32_t options = header->header_length - kTcpHeaderLength;
  if (options > 0) segment.options = parse_tcp_options({packet->data + kTcpHeaderLength, options});
  packet->trim_front(header->header_length);
  packet->sequence = header->sequence;
  segment.packet = std::move(packet);
  return segment;
}

void Tcp::dispatch(Segment& segment) noexcept {
  FlowNode* node = flows_.find(segment.key);
  if (node == nullptr) return input_listen(segment);
  if (node->kind == FlowNode::Kind::time_wait)
    return input_time_wait(static_cast<TimeWait&>(*node), segment);
  Tcb& tcb = static_cast<Tcb&>(*node);
  if (tcb.tcp_state == TcpState::established && input_fast(tcb, segment)) return;
  if (tcb.tcp_state == TcpState::syn_sent) return input_syn_sent(tcb, segment);
  input_synchronized(tcb, segment);
}

// The case that bulk transfer consists of: ESTABLISHED, next in sequence, nothing but data and ACK.
bool Tcp::input_fast(Tcb& tcb, Segment& segment) noexcept {
  const bool plain = (segment.header.flags & ~kPsh) == kAck && segment.seq() == tcb.rcv_nxt &&
                     segment.payload() > 0 && segment.payload() <= tcb.receive_space() &&
                     !tcb.received.has_gap() && !tcb.fin_seen && segment.ack() == tcb.snd_una &&
                     !refuses_data(tcb);
  if (!plain || !check_timestamps(tcb, segment)) return false;
  take_window(tcb, segment);
  tcb.rcv_nxt += segment.payload();
  ++tcb.ack_delayed;
  tcb.received.append(std::move(segment.packet));
  mark_output(tcb);
  mark_ready(tcb);
  return true;
}

// PAWS (RFC 7323 5.3 R1, R3). False: drop the segment.
bool Tcp::check_timestamps(Tcb& tcb, const Segment& segment) noexcept {
  if (!tcb.timestamps || segment.header.has(kRst)) return true;
  if (!segment.options.has_timestamps) return false;  // 3.2: SHOULD be dropped silently
  if (before(segment.options.timestamp_value, tcb.ts_recent)) return false;
  if (at_or_before(segment.seq(), tcb.last_ack)) tcb.ts_recent = segment.options.timestamp_value;
  return true;
}

// First, check sequence number: RFC 9293 3.10.7.4, table 6.
bool Tcp::check_sequence(Tcb& tcb, const Segment& segment) noexcept {
  const std::uint32_t window = tcb.receive_space();
  const std::uint32_t first = segment.seq() - tcb.rcv_nxt;
  // An empty segment at the right edge is taken too: a peer that filled the window sends its ACKs
  // from there, and they matter.
  if (segment.length() == 0) return first <= window;
  if (window == 0) return false;
  const std::uint32_t last = segment.end() - 1 - tcb.rcv_nxt;
  return first < window || last < window;
}

void Tcp::input_synchronized(Tcb& tcb, Segment& segment) noexcept {
  const bool repeats_syn = tcb.tcp_state == TcpState::syn_received && segment.header.has(kSyn) &&
                           !segment.header.has(kAck) && segment.seq() == tcb.irs;
  if (repeats_syn) {
    send_syn(tcb);
    return;
  }
  const bool old_timestamp = !check_timestamps(tcb, segment);
  if (old_timestamp || !check_sequence(tcb, segment)) {
    if (segment.header.has(kRst)) return;
    if (old_timestamp && !segment.options.has_timestamps) return;
    // Data is always answered, so that a sender whose ACK was lost goes on.
    if (segment.payload() > 0) {
      send_ack(tcb);
    } else {
      send_challenge_ack(tcb);
    }
    return;
  }
  if (segment.header.has(kRst)) {  // second: RFC 5961 3.2
    if (segment.seq() != tcb.rcv_nxt) return send_challenge_ack(tcb);
    const bool refused = tcb.tcp_state == TcpState::syn_received;
    return fail(tcb, refused ? NetError::refused : NetError::reset);
  }
  if (segment.header.has(kSyn)) return send_challenge_ack(tcb);  // fourth: RFC 5961 4.2
  if (!segment.header.has(kAck)) return;                         // fifth
  if (take_ack(tcb, segment) == Life::over) return;
  take_fin(tcb, segment);
  if (segment.payload() > 0) take_payload(tcb, segment);                                // seventh
  if (tcb.fin_seen && !tcb.fin_received && tcb.rcv_nxt == tcb.rcv_fin) reach_fin(tcb);  // eighth
}

// RFC 9293 3.10.7.4 for TIME-WAIT, with RFC 1337 (no assassination by RST) and RFC 6191.
void Tcp::input_time_wait(TimeWait& entry, Segment& segment) noexcept {
  if (segment.header.has(kRst)) return;
  if (segment.header.has(kSyn)) {
    const bool newer = entry.timestamps && segment.options.has_timestamps
                           ? after(segment.options.timestamp_value, entry.ts_recent)
                           : after(segment.seq(), entry.rcv_nxt);
    if (!newer || segment.header.has(kAck)) return;
    time_wait_.remove(entry);
    return input_listen(segment);
  }
  if (segment.length() == 0) return;
  if (segment.header.has(kFin)) time_wait_.restart(entry, now_);
  const auto path = ip_.path_to(entry.key.remote, entry.key.local);
  PacketPtr packet = allocate();
  if (!path || !packet) return;
  TcpHeader header;
  header.source_port = entry.key.local_port;
  header.destination_port = entry.key.remote_port;
  header.sequence = entry.snd_nxt;
  header.acknowledgment = entry.rcv_nxt;
  header.flags = kAck;
  header.window = entry.window;
  TcpOptions options;
  options.has_timestamps = entry.timestamps;
  options.timestamp_value = timestamp_now(entry.ts_offset);
  options.timestamp_echo = entry.ts_recent;
  send_segment(std::move(packet), *path, header, options, true);
}

}  // namespace sluice::net::tcp
