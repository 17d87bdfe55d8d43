#include "tests/net_fuzz/forged_icmp.h"

#include <algorithm>

#include "engine/net/ip_datagram.h"
#include "engine/net/wire/byte_order.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"

namespace sluice::net::test {
namespace {

constexpr std::uint8_t kTypesV4[] = {3, 3, 3, 4, 5, 11, 12, 8};  // RFC 792
constexpr std::uint8_t kTypesV6[] = {1, 2, 2, 3, 4, 128};        // RFC 4443

// The Ethernet and IP headers of an answer to `frame`.
Frame answer_to(const Frame& frame, const FrameLayout& layout) {
  const std::size_t ip_length = layout.v6 ? kIpv6HeaderLength : kIpv4HeaderLength;
  Frame answer(FrameLayout::kIp + ip_length);
  std::copy_n(frame.data() + 6, 6, answer.data());
  std::copy_n(frame.data(), 6, answer.data() + 6);
  std::copy_n(frame.data() + 12, 2, answer.data() + 12);
  const std::uint8_t* theirs = frame.data() + FrameLayout::kIp;
  std::uint8_t* ip = answer.data() + FrameLayout::kIp;
  if (layout.v6) {
    write_ipv6(ip, {.next_header = kProtocolIcmpv6,
                    .source = load_ipv6_address(theirs + 24),
                    .destination = load_ipv6_address(theirs + 8)});
  } else {
    write_ipv4(ip, {.protocol = kProtocolIcmp,
                    .source = load32(theirs + 16),
                    .destination = load32(theirs + 12)});
  }
  return answer;
}

}  // namespace

Frame forge_icmp(const Frame& frame, const FrameLayout& layout, Choices& choices) {
  Frame forged = answer_to(frame, layout);
  FrameLayout made{.v6 = layout.v6,
                   .l4 = forged.size(),
                   .protocol = layout.v6 ? kProtocolIcmpv6 : kProtocolIcmp};
  std::uint8_t icmp[8] = {layout.v6 ? choices.pick(kTypesV6) : choices.pick(kTypesV4),
                          static_cast<std::uint8_t>(choices.below(16))};
  const std::uint16_t mtus[] = {0,     1,     68,    296,   576,
                                1'280, 1'400, 1'499, 1'500, static_cast<std::uint16_t>(0xffff)};
  if (!layout.v6 && icmp[0] == 3 && choices.one_in(2)) icmp[1] = 4;  // fragmentation needed
  store16(icmp + 6, choices.pick(mtus));
  forged.insert(forged.end(), std::begin(icmp), std::end(icmp));
  const std::size_t quotes[] = {layout.l4 - FrameLayout::kIp + 8, 128, 0, 20, 548};
  const std::size_t quoted =
      std::min<std::size_t>(choices.pick(quotes), frame.size() - FrameLayout::kIp);
  const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(FrameLayout::kIp);
  forged.insert(forged.end(), begin, begin + static_cast<std::ptrdiff_t>(quoted));
  fix_lengths(forged, made);
  fix_checksums(forged, made);
  return forged;
}

}  // namespace sluice::net::test
