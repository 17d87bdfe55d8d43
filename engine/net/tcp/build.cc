// Making segments: header, options, window, checksum.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

PacketPtr Tcp::allocate() noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) ++counters_.dropped_no_resources;
  return packet;
}

// The buffer of a segment that has been dealt with, for the answer to it.
PacketPtr Tcp::take_buffer(Segment& segment) noexcept {
  segment.packet->length = 0;
  return std::move(segment.packet);
}

// What the link takes, without options (RFC 6691 2, RFC 9293 3.7.1).
std::uint16_t Tcp::local_mss(const IpAddress& remote) const noexcept {
  const std::uint32_t headers = ip_header_length(remote) + kTcpHeaderLength;
  return static_cast<std::uint16_t>(std::min(ip_.mtu(remote), pool_.room()) - headers);
}

// What our SYN says, and the most that the connection sends.
std::uint16_t Tcp::announced_mss(const IpAddress& remote,
                                 const ConnectionOptions& options) const noexcept {
  const std::uint16_t local = local_mss(remote);
  if (options.mss_max == 0) return local;
  return std::clamp(options.mss_max, static_cast<std::uint16_t>(kMssMin), local);
}

// A millisecond clock (RFC 7323 5.4), shifted per connection.
std::uint32_t Tcp::timestamp_now(std::uint32_t offset) const noexcept {
  return static_cast<std::uint32_t>(now_.ns / 1'000'000) + offset;
}

// False when the next hop does not answer.
bool Tcp::emit(Tcb& tcb, PacketPtr packet, Sequence sequence, std::uint8_t flags,
               std::uint8_t traffic_class) noexcept {
  TcpOptions options;
  fill_options(tcb, flags, options);
  if (tcb.episode != nullptr && (flags & kSyn) == 0)
    fill_sack(tcb, options, sack_blocks_max(tcb, packet->length));
  TcpHeader header;
  header.source_port = tcb.key.local_port;
  header.destination_port = tcb.key.remote_port;
  header.sequence = sequence;
  header.flags = flags;
  if (tcb.ecn_echo && (flags & (kSyn | kRst)) == 0) header.flags |= kEce;  // RFC 3168 6.1.3
  // The window in a SYN is never scaled (RFC 7323 2.2).
  const std::uint8_t shift = (flags & kSyn) != 0 ? std::uint8_t{0} : tcb.rcv_shift;
  const std::uint32_t window = offer_window(tcb);
  header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window >> shift, 0xffff));
  if ((flags & kAck) != 0) note_acknowledged(tcb, header, shift);
  const IpPath path{tcb.key.local, tcb.key.remote, tcb.next_hop};
  const Sent sent =
      send_segment(std::move(packet), path, header, options, tcb.dont_fragment, traffic_class);
  if (sent == Sent::unreachable) follow_route(tcb);
  return sent != Sent::unreachable;
}

// Asks for the next hop again: the one in use may have stopped answering while another does
// (RFC 1122 3.3.1.4, RFC 4861 7.3.3). Without any route it stays.
void Tcp::follow_route(Tcb& tcb) noexcept {
  const auto path = ip_.path_to(tcb.key.remote, tcb.key.local);
  if (path) tcb.next_hop = path->next_hop;
}

// What this segment tells the peer: nothing is owed to it until more arrives.
void Tcp::note_acknowledged(Tcb& tcb, TcpHeader& header, std::uint8_t shift) noexcept {
  header.acknowledgment = tcb.rcv_nxt;
  const Sequence edge = tcb.rcv_nxt + (static_cast<std::uint32_t>(header.window) << shift);
  tcb.rcv_adv = std::max(tcb.rcv_adv, edge, before);
  if (tcb.quick_acks > 0 && tcb.last_ack != tcb.rcv_nxt) --tcb.quick_acks;
  tcb.last_ack = tcb.rcv_nxt;
  tcb.ack_now = false;
  disarm(tcb, TimerKind::delayed_ack);
}

void Tcp::fill_sack(Tcb& tcb, TcpOptions& options, std::uint8_t blocks_max) noexcept {
  if (tcb.sack) tcb.episode->sack_report.fill(options, blocks_max);
  end_episode_if_over(tcb);
}

// How many blocks fit beside `payload` octets in a segment of full size and in the options.
std::uint8_t Tcp::sack_blocks_max(const Tcb& tcb, std::uint32_t payload) const noexcept {
  const std::uint32_t space = kTcpOptionsMax - (tcb.timestamps ? kTimestampOptionLength : 0);
  const std::uint32_t beside = tcb.mss > payload ? tcb.mss - payload : 0;
  const std::uint32_t room = payload == 0 ? space : std::min(space, beside);
  constexpr std::uint32_t kSackHead = 4;  // NOP NOP kind length
  constexpr std::uint32_t kSackBlock = 8;
  const std::uint32_t blocks = room < kSackHead ? 0 : (room - kSackHead) / kSackBlock;
  return static_cast<std::uint8_t>(std::min<std::uint32_t>(blocks, kSackBlocksMax));
}

void Tcp::fill_options(const Tcb& tcb, std::uint8_t flags, TcpOptions& options) const noexcept {
  if ((flags & kSyn) != 0) {
    options.mss = announced_mss(tcb);
    options.sack_permitted = tcb.sack;
    options.has_window_shift = tcb.window_scaling;
    options.window_shift = tcb.rcv_shift;
  }
  options.has_timestamps = tcb.timestamps;
  options.timestamp_value = timestamp_now(tcb.ts_offset);
  options.timestamp_echo = (flags & kAck) != 0 ? tcb.ts_recent : 0;
}

// `packet` holds the payload.
Sent Tcp::send_segment(PacketPtr packet, const IpPath& path, TcpHeader header,
                       const TcpOptions& options, bool dont_fragment,
                       std::uint8_t traffic_class) noexcept {
  header.header_length = static_cast<std::uint8_t>(kTcpHeaderLength + tcp_options_length(options));
  std::uint8_t* at = packet->push_front(header.header_length);
  write_tcp(at, header);
  write_tcp_options(at + kTcpHeaderLength, options);
  packet->flags = 0;
  const bool offload = ip_.capabilities().tx_tcp_checksum;
  if (offload) packet->flags = kTxTcpChecksum;
  const int sum = offload ? pseudo_header_sum(path.local, path.remote, kProtocolTcp, packet->length)
                          : ~transport_sum(path.local, path.remote, kProtocolTcp, packet->bytes());
  store_tcp_checksum(at, static_cast<std::uint16_t>(sum));
  ++counters_.segments_out;
  return ip_.send(
      std::move(packet), path,
      {.protocol = kProtocolTcp, .dont_fragment = dont_fragment, .traffic_class = traffic_class},
      now_);
}

}  // namespace sluice::net::tcp
