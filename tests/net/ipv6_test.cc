// IPv6 input: extension headers and what is refused (RFC 8200 4, RFC 7112, RFC 5095).
#include <gtest/gtest.h>

#include "engine/net/wire/ipv6_chain.h"
#include "tests/support/ip_script.h"

namespace sluice::net::test {
namespace {

constexpr std::uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kOptions = 60;

Octets echo_6() { return with_checksum({kThem6, kUs6, kProtocolIcmpv6}, echo_request(kUs6, 16)); }

Octets join(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// An options header of 8 octets with one option of two octets of data.
Octets options(std::uint8_t next, std::uint8_t type) { return {next, 0, type, 2, 0, 0, 1, 0}; }
Octets routing(std::uint8_t next, std::uint8_t type, std::uint8_t left) {
  return {next, 0, type, left, 0, 0, 0, 0};
}
Octets fragment(std::uint8_t next, std::uint16_t offset, bool more) {
  return {next,
          0,
          static_cast<std::uint8_t>(offset >> 8),
          static_cast<std::uint8_t>((offset & 0xf8) | (more ? 1 : 0)),
          0,
          0,
          0,
          7};
}

Octets frame_with(std::uint8_t first, const Octets& rest) {
  return ip_frame({kThem6, kUs6, first}, rest);
}

struct Script : IpScript {
  Script() { introduce_them(); }
  // Type and code of the only answer; 0 when there is none.
  std::pair<int, int> answer_to(const Octets& frame) {
    sent.clear();
    inject(frame);
    const auto answer = next();
    if (!answer) return {0, 0};
    last = answer->upper;
    return {answer->upper[0], answer->upper[1]};
  }
  std::uint32_t pointer() const { return load32(last.data() + 4); }
  Octets last;
};

const std::pair<int, int> kEchoed{kIcmpv6EchoReply, 0};
const std::pair<int, int> kSilence{0, 0};

}  // namespace

TEST(Ipv6, AnEchoRequestIsAnswered) {
  Script script;
  EXPECT_EQ(script.answer_to(frame_with(kProtocolIcmpv6, echo_6())), kEchoed);
  EXPECT_EQ(script.last.size(), kIcmpHeaderLength + 16);
}

TEST(Ipv6, KnownExtensionHeadersArePassed) {
  Script script;
  EXPECT_EQ(
      script.answer_to(frame_with(kHopByHop, join({options(kOptions, 1), options(kRouting, 1),
                                                   routing(kProtocolIcmpv6, 4, 0), echo_6()}))),
      kEchoed);
}

TEST(Ipv6, TheHighBitsOfAnUnknownOptionSayWhatHappens) {
  Script script;
  const auto with_option = [](std::uint8_t type) {
    return frame_with(kOptions, join({options(kProtocolIcmpv6, type), echo_6()}));
  };
  EXPECT_EQ(script.answer_to(with_option(0x1e)), kEchoed);
  EXPECT_EQ(script.answer_to(with_option(0x5e)), kSilence);
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kUnrecognizedOption};
  EXPECT_EQ(script.answer_to(with_option(0x9e)), problem);
  EXPECT_EQ(script.pointer(), 42u);
  EXPECT_EQ(script.answer_to(with_option(0xde)), problem);
}

TEST(Ipv6, AnOptionThatEndsBeyondItsHeaderIsRefused) {
  Script script;
  const Octets bad{kProtocolIcmpv6, 0, 0x1e, 9, 0, 0, 0, 0};
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kErroneousField};
  EXPECT_EQ(script.answer_to(frame_with(kOptions, join({bad, echo_6()}))), problem);
}

TEST(Ipv6, ARouteThatGoesOnIsRefusedWithItsTypeNamed) {
  Script script;
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kErroneousField};
  EXPECT_EQ(
      script.answer_to(frame_with(kRouting, join({routing(kProtocolIcmpv6, 0, 1), echo_6()}))),
      problem);
  EXPECT_EQ(script.pointer(), 42u);
}

TEST(Ipv6, HopByHopOptionsStandFirstOnly) {
  Script script;
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kUnrecognizedNextHeader};
  EXPECT_EQ(script.answer_to(frame_with(
                kOptions, join({options(kHopByHop, 1), options(kProtocolIcmpv6, 1), echo_6()}))),
            problem);
  EXPECT_EQ(script.pointer(), 40u);
}

TEST(Ipv6, AnUnknownProtocolIsNamedToItsSender) {
  Script script;
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kUnrecognizedNextHeader};
  EXPECT_EQ(script.answer_to(frame_with(253, Octets(20))), problem);
  EXPECT_EQ(script.pointer(), 6u);
  EXPECT_EQ(script.answer_to(frame_with(59, Octets(20))), kSilence);  // "no next header"
}

TEST(Ipv6, AChainBeyondTheLimitIsDropped) {
  Script script;
  Octets chain;
  for (std::size_t i = 0; i < kExtensionHeadersMax; ++i)
    chain = join({chain, options(kOptions, 1)});
  const Octets too_long = join({chain, options(kProtocolIcmpv6, 1), echo_6()});
  EXPECT_EQ(script.answer_to(frame_with(kOptions, too_long)), kSilence);
  chain[chain.size() - 8] = kProtocolIcmpv6;
  EXPECT_EQ(script.answer_to(frame_with(kOptions, join({chain, echo_6()}))), kEchoed);
}

TEST(Ipv6, AnAtomicFragmentIsAPacketLikeOthers) {
  Script script;
  EXPECT_EQ(script.answer_to(
                frame_with(kFragment, join({fragment(kProtocolIcmpv6, 0, false), echo_6()}))),
            kEchoed);
}

TEST(Ipv6, FragmentsAreReassembled) {
  Script script;
  const Octets echo = echo_6();
  const Octets head(echo.begin(), echo.begin() + 16), tail(echo.begin() + 16, echo.end());
  EXPECT_EQ(
      script.answer_to(frame_with(kFragment, join({fragment(kProtocolIcmpv6, 16, false), tail}))),
      kSilence);
  EXPECT_EQ(
      script.answer_to(frame_with(kFragment, join({fragment(kProtocolIcmpv6, 0, true), head}))),
      kEchoed);
}

TEST(Ipv6, TheFirstFragmentHoldsTheWholeChain) {
  Script script;
  const std::pair<int, int> problem{kIcmpv6ParameterProblem, kIncompleteHeaderChain};
  EXPECT_EQ(script.answer_to(frame_with(
                kFragment, join({fragment(kOptions, 0, true), options(kProtocolTcp, 1)}))),
            problem);
}

TEST(Ipv6, AnErrorIsNotAnsweredByAnError) {
  Script script;
  Octets error(60);
  error[0] = kIcmpv6Unreachable;
  error = with_checksum({kThem6, kUs6, kProtocolIcmpv6}, error);
  const Octets refused = options(kProtocolIcmpv6, 0x9e);
  EXPECT_EQ(script.answer_to(frame_with(kOptions, join({refused, error}))), kSilence);
}

TEST(Ipv6, PacketsToOtherGroupsAndHostsAreNotOurs) {
  Script script;
  const Head to_group{kThem6, ip("ff02::fb"), kProtocolIcmpv6};
  script.inject(icmp_frame(to_group, echo_request(kUs6), multicast_mac(to_group.destination)));
  script.inject(icmp_frame({kThem6, ip("2001:db8::2"), kProtocolIcmpv6}, echo_request(kUs6)));
  EXPECT_EQ(script.pending(), 0u);
  EXPECT_EQ(script.counters().dropped_not_ours, 2u);
}

TEST(Ipv6, SourcesThatNoPacketHasAreDropped) {
  for (const char* source : {"::1", "ff02::1", "2001:db8::1", "::"}) {
    Script script;
    script.inject(icmp_frame({ip(source), kUs6, kProtocolIcmpv6}, echo_request(kUs6)));
    EXPECT_EQ(script.pending(), 0u) << source;
  }
}

}  // namespace sluice::net::test
