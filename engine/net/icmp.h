// ICMP for IPv4 (RFC 792, RFC 1122 3.2.2) and IPv6 (RFC 4443): echo, errors that come in, errors
// that we send. Everything that we send by ourselves is limited in rate.
#pragma once

#include "engine/net/addresses.h"
#include "engine/net/ip_output.h"
#include "engine/net/tcp/tcp.h"
#include "engine/net/token_bucket.h"
#include "engine/net/udp.h"
#include "engine/net/wire/icmp.h"

namespace sluice::net {

// Per core and second, and at once.
inline constexpr std::uint32_t kEchoRepliesPerSecond = 1'000;
inline constexpr std::uint32_t kEchoReplyBurst = 100;
inline constexpr std::uint32_t kIcmpErrorsPerSecond = 100;  // RFC 4443 2.4 f, RFC 1812 4.3.2.8
inline constexpr std::uint32_t kIcmpErrorBurst = 20;

// What is wrong with a packet, in the numbers of its family.
struct IcmpProblem {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t word = 0;      // the second four octets: a pointer
  bool even_to_group = false;  // told to the sender of a multicast too (RFC 4443 2.4 e.3)
};
IcmpProblem port_unreachable(bool v4) noexcept;
IcmpProblem protocol_unreachable(bool v4, std::uint32_t pointer) noexcept;
IcmpProblem reassembly_time_exceeded(bool v4) noexcept;

class Icmp {
 public:
  Icmp(IpOutput& ip, const AddressTable& addresses, tcp::Tcp& tcp, Udp& udp,
       StackCounters& counters);

  // `packet` starts with the ICMP header; its checksum was verified.
  void message_in(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;

  // Tells the sender of `packet` (from its IP header) what is wrong with it, unless the rules of
  // RFC 1122 3.2.2 and RFC 4443 2.4 e forbid that or the rate limit does.
  void report(const IcmpProblem& problem, ByteView packet, Instant now) noexcept;

 private:
  void answer_echo(PacketPtr packet, const IpDatagram& ip, Instant now) noexcept;
  void send(PacketPtr packet, const IpPath& path, Instant now) noexcept;

  IpOutput& ip_;
  const AddressTable& addresses_;
  tcp::Tcp& tcp_;
  Udp& udp_;
  StackCounters& counters_;
  TokenBucket echo_replies_{kEchoRepliesPerSecond, kEchoReplyBurst};
  TokenBucket errors_{kIcmpErrorsPerSecond, kIcmpErrorBurst};
};

}  // namespace sluice::net
