// Making segments: header, options, window, checksum.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

PacketPtr Tcp::allocate() noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) ++counters_.dropped_no_resources;
  return packet;
}

// What we announce: the link decides, without options (RFC 6691 2, RFC 9293 3.7.1).
std::uint16_t Tcp::local_mss(const IpAddress& remote) const noexcept {
  const std::uint32_t headers = ip_header_length(remote) + kTcpHeaderLength;
  return static_cast<std::uint16_t>(std::min(ip_.mtu(remote), pool_.room()) -
                                    headers);
}

// A millisecond clock (RFC 7323 5.4), shifted per connection.
std::uint32_t Tcp::timestamp_now(std::uint32_t offset) const noexcept {
  return static_cast<std::uint32_t>(now_.ns / 1'000'000) + offset;
}

// False when the next hop does not answer.
bool Tcp::emit(Tcb& tcb, PacketPtr packet, Sequence sequence, std::uint8_t flags) noexcept {
  TcpOptions options;
  fill_options(tcb, flags, options);
  if (tcb.sack && packet->length == 0 && tcb.received.has_gap())  // data leaves no room for it
    tcb.received.fill_sack(options, tcb.timestamps ? kSackBlocksMax - 1 : kSackBlocksMax);
  TcpHeader header;
  header.source_port = tcb.key.local_port;
  header.destination_port = tcb.key.remote_port;
  header.sequence = sequence;
  header.flags = flags;
  if ((flags & kAck) != 0) {
    header.acknowledgment = tcb.rcv_nxt;
    tcb.last_ack = tcb.rcv_nxt;
    tcb.ack_delayed = 0;
    tcb.ack_now = false;
    disarm(tcb, TimerKind::delayed_ack);
  }
  const std::uint32_t window = offer_window(tcb);
  // The window in a SYN is never scaled (RFC 7323 2.2).
  const std::uint8_t shift = (flags & kSyn) != 0 ? std::uint8_t{0} : tcb.rcv_shift;
  header.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(window >> shift, 0xffff));
  if ((flags & kAck) != 0) {
    const Sequence edge = tcb.rcv_nxt + (static_cast<std::uint32_t>(header.window) << shift);
    tcb.rcv_adv = std::max(tcb.rcv_adv, edge, before);
  }
  const IpPath path{tcb.key.local, tcb.key.remote, tcb.next_hop};
  return send_segment(std::move(packet), path, header, options, tcb.dont_fragment) !=
         Sent::unreachable;
}

// Never less than was offered before; more only by a worthwhile step (RFC 9293 3.8.6.2.2), and not
// while packets run short.
std::uint32_t Tcp::offer_window(Tcb& tcb) noexcept {
  const std::uint32_t offered = tcb.receive_space();
  const std::uint32_t unread = tcb.received.octets();
  const std::uint32_t room =
      unread >= options_.receive_window ? 0 : options_.receive_window - unread;
  const std::uint32_t step =
      std::min<std::uint32_t>(options_.receive_window / 2, local_mss(tcb.key.remote));
  const bool short_of_packets = pool_.available() <= pool_size_ / kReserveForReads;
  const bool stays = room < offered + step || (short_of_packets && unread > 0);
  return stays ? offered : room;
}

void Tcp::fill_options(Tcb& tcb, std::uint8_t flags, TcpOptions& options) noexcept {
  if ((flags & kSyn) != 0) {
    options.mss = local_mss(tcb.key.remote);
    options.sack_permitted = tcb.sack;
    options.has_window_shift = tcb.tcp_state == TcpState::syn_sent || tcb.rcv_shift > 0;
    options.window_shift = tcb.rcv_shift;
  }
  options.has_timestamps = tcb.timestamps;
  options.timestamp_value = timestamp_now(tcb.ts_offset);
  options.timestamp_echo = (flags & kAck) != 0 ? tcb.ts_recent : 0;
}

// `packet` holds the payload.
Sent Tcp::send_segment(PacketPtr packet, const IpPath& path, TcpHeader header,
                       const TcpOptions& options, bool dont_fragment) noexcept {
  std::uint8_t written[kTcpOptionsMax];
  const std::uint32_t options_length = write_tcp_options(written, options);
  header.header_length = static_cast<std::uint8_t>(kTcpHeaderLength + options_length);
  std::uint8_t* at = packet->push_front(header.header_length);
  write_tcp(at, header);
  std::copy_n(written, options_length, at + kTcpHeaderLength);
  packet->flags = 0;
  std::uint16_t sum = pseudo_header_sum(path.local, path.remote, kProtocolTcp, packet->length);
  if (ip_.capabilities().tx_tcp_checksum) {
    packet->flags = kTxTcpChecksum;
  } else {
    sum = static_cast<std::uint16_t>(~checksum_add(sum, checksum_sum(packet->bytes())));
  }
  store_tcp_checksum(at, sum);
  ++counters_.segments_out;
  return ip_.send(std::move(packet), path,
                  {.protocol = kProtocolTcp, .dont_fragment = dont_fragment}, now_);
}

}  // namespace sluice::net::tcp
