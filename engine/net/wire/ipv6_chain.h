// The chain of extension headers between the IPv6 header and the protocol above (RFC 8200 4),
// walked in order under hard limits. No header of it makes us act; what matters is where it ends
// and whether we must refuse.
#pragma once

#include "engine/base/bytes.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net {

// What a host may limit (RFC 8504 5.3); honest packets have one or two short headers.
inline constexpr std::size_t kExtensionHeadersMax = 8;
inline constexpr std::size_t kExtensionOctetsMax = 512;

struct FragmentHeader {  // RFC 8200 4.5
  std::uint8_t next_header = 0;
  std::uint16_t offset = 0;  // octets
  bool more = false;
  std::uint32_t identification = 0;

  bool is_atomic() const noexcept { return offset == 0 && !more; }  // RFC 6946
};
inline constexpr std::uint32_t kFragmentHeaderLength = 8;

struct Ipv6Chain {
  enum class End : std::uint8_t {
    upper,     // `protocol` begins at `offset`
    fragment,  // a fragment header stands at `offset`
    nothing,   // no next header (4.7), or the packet is to be dropped in silence
    problem,   // ICMPv6 parameter problem with `code` and `pointer`
  };
  End end = End::nothing;
  std::uint8_t protocol = 0;
  std::uint8_t code = 0;
  bool even_to_group = false;  // the problem is told to the sender of a multicast too
  std::uint32_t offset = 0;    // from the IPv6 header
  std::uint32_t pointer = 0;
  FragmentHeader fragment;
};

// RFC 4443 3.4, RFC 7112
inline constexpr std::uint8_t kErroneousField = 0;
inline constexpr std::uint8_t kUnrecognizedNextHeader = 1;
inline constexpr std::uint8_t kUnrecognizedOption = 2;
inline constexpr std::uint8_t kIncompleteHeaderChain = 3;

// `packet` starts with its IPv6 header and ends with its payload.
Ipv6Chain walk_ipv6_chain(ByteView packet) noexcept;

// Whether the packet carries an ICMPv6 error, as far as its headers tell (RFC 4443 2.4 e.1).
bool is_icmpv6_error(ByteView packet) noexcept;

}  // namespace sluice::net
