#include "engine/net/reply_probe.h"

#include <cstring>

#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net {
namespace {

constexpr std::uint32_t kL4Octets = 20;  // a TCP header; a UDP header is shorter

void push_ipv4(Packet& frame, const IpAddress& local, const IpAddress& remote,
               std::uint8_t protocol) noexcept {
  Ipv4Header ip;
  ip.total_length = kIpv4HeaderLength + kL4Octets;
  ip.protocol = protocol;
  ip.source = remote.v4();
  ip.destination = local.v4();
  frame.l3_length = kIpv4HeaderLength;
  write_ipv4(frame.push_front(kIpv4HeaderLength), ip);
  fill_ipv4_checksum(frame.data);
}

void push_ipv6(Packet& frame, const IpAddress& local, const IpAddress& remote,
               std::uint8_t protocol) noexcept {
  Ipv6Header ip;
  ip.payload_length = kL4Octets;
  ip.next_header = protocol;
  ip.source = remote;
  ip.destination = local;
  frame.l3_length = kIpv6HeaderLength;
  write_ipv6(frame.push_front(kIpv6HeaderLength), ip);
}

}  // namespace

ReplyProbe::ReplyProbe(Port& port, const IpAddress& local, const IpAddress& remote,
                       std::uint8_t protocol) noexcept
    : port_(port), frame_(port.pool().allocate()) {
  if (!frame_) return;
  std::memset(frame_->data, 0, kL4Octets);
  frame_->length = kL4Octets;
  const bool v4 = local.is_v4();
  if (v4) {
    push_ipv4(*frame_, local, remote, protocol);
  } else {
    push_ipv6(*frame_, local, remote, protocol);
  }
  if (!port.capabilities().ethernet) return;
  frame_->l2_length = kEthernetHeaderLength;
  const std::uint16_t type = v4 ? kEtherTypeIpv4 : kEtherTypeIpv6;
  write_ethernet(frame_->push_front(kEthernetHeaderLength), {port.mac(), port.mac(), type});
}

bool ReplyProbe::reaches_us(std::uint16_t local_port, std::uint16_t remote_port) const noexcept {
  if (!frame_) return false;
  std::uint8_t* ports = frame_->data + frame_->l2_length + frame_->l3_length;
  store16(ports, remote_port);
  store16(ports + 2, local_port);
  return port_.flow_is_ours(*frame_);
}

}  // namespace sluice::net
