#include "engine/net/ip_input.h"

#include "engine/net/wire/ethernet.h"

namespace sluice::net {
namespace {

// Sources that no honest packet has (RFC 1122 3.2.1.3): this network, loopback, multicast and up.
bool is_martian(std::uint32_t source) noexcept {
  const std::uint32_t network = source >> 24;
  return network == 0 || network == 127 || network >= 224;
}

}  // namespace

void IpInput::frame_in(PacketPtr packet, Instant now) noexcept {
  ++counters_.packets_in;
  const ByteView frame = packet->bytes();
  if (frame.size() < kEthernetHeaderLength) return drop_malformed();
  const std::uint16_t type = load16(frame.data() + 12);
  const bool to_group = (frame[0] & 1) != 0;
  packet->trim_front(kEthernetHeaderLength);
  if (type == kEtherTypeIpv4 && !to_group) {
    ipv4_in(std::move(packet), now);
  } else if (type == kEtherTypeArp) {
    arp_in(std::move(packet), now);
  }
}

void IpInput::arp_in(PacketPtr packet, Instant now) noexcept {
  const auto message = parse_arp(packet->bytes());
  if (!message || ip_.is_ours(message->sender_ip)) return drop_malformed();
  const bool for_us = ip_.is_ours(message->target_ip);
  const bool asks_for_us = for_us && message->operation == kArpRequest;
  neighbors_.learn(*message, asks_for_us, now);
  if (!asks_for_us) return;
  packet->flags = 0;
  packet->length = kArpLength;
  write_arp(packet->data,
            {kArpReply, mac_, message->target_ip, message->sender_mac, message->sender_ip});
  write_ethernet(packet->push_front(kEthernetHeaderLength),
                 {message->sender_mac, mac_, kEtherTypeArp});
  tx_.push(std::move(packet));
}

void IpInput::ipv4_in(PacketPtr packet, Instant now) noexcept {
  const auto header = parse_ipv4(packet->bytes());
  if (!header) return drop_malformed();
  const ByteView header_octets = packet->bytes().first(header->header_length);
  if ((packet->flags & kRxIpChecksumGood) == 0 && !ipv4_checksum_good(header_octets))
    return drop_malformed();
  if (!ip_.is_ours(header->destination)) return;
  if (is_martian(header->source) || ip_.is_ours(header->source)) return drop_malformed();
  packet->length = header->total_length;  // without the padding of a short frame
  if (header->is_fragment()) {
    packet = reassembly_.add(std::move(packet), *header, now);
    if (!packet) return;
  } else {
    packet->trim_front(header->header_length);
  }
  deliver(std::move(packet), *header, now);
}

void IpInput::deliver(PacketPtr packet, const Ipv4Header& header, Instant now) noexcept {
  if (header.protocol == kProtocolTcp) {
    tcp_.segment_in(std::move(packet), header);
  } else if (header.protocol == kProtocolIcmp) {
    icmp_in(std::move(packet), header, now);
  }
}

void IpInput::icmp_in(PacketPtr packet, const Ipv4Header& header, Instant now) noexcept {
  const ByteView icmp = packet->bytes();
  if (icmp.size() < kIcmpHeaderLength || checksum_sum(icmp) != 0xffff) return drop_malformed();
  if (icmp[0] == kIcmpEchoRequest) {
    answer_echo(std::move(packet), header, now);
  } else if (icmp[0] == kIcmpUnreachable) {
    if (const auto error = parse_icmp_unreachable(icmp)) tcp_.unreachable_in(*error);
  }
}

// RFC 1122 3.2.2.6, with a limit per second.
void IpInput::answer_echo(PacketPtr packet, const Ipv4Header& header, Instant now) noexcept {
  if (now - icmp_second_ >= seconds(1)) {
    icmp_second_ = now;
    icmp_sent_ = 0;
  }
  if (++icmp_sent_ > kIcmpPerSecondMax || packet->length + kIpv4HeaderLength > ip_.mtu()) return;
  const auto path = ip_.path_to(address_of_v4(header.source), address_of_v4(header.destination));
  if (!path) return;
  std::uint8_t* icmp = packet->data;
  icmp[0] = kIcmpEchoReply;
  store16(icmp + 2, 0);
  store16(icmp + 2, internet_checksum(packet->bytes()));
  packet->flags = 0;
  ip_.send(std::move(packet), *path, kProtocolIcmp, false, now);
}

}  // namespace sluice::net
