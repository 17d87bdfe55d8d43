// Handshakes that the peer remembers for us (RFC 4987 3.6).
#include "engine/net/tcp/syn_cookie.h"

#include <gtest/gtest.h>

#include "engine/net/tcp/tcp.h"
#include "tests/support/tcp_script.h"

namespace sluice::net::test {
namespace {

const tcp::FlowKey kFlow{IpAddress::from_v4(1), IpAddress::from_v4(2), 25, 4'000};
constexpr Instant kNow = Instant{} + seconds(1'000);

TcpScript always() {
  return TcpScript([](StackOptions& options) { options.syn_cookies = SynCookies::on; });
}

TcpOptions all_options() {
  return {.mss = 1'400,
          .has_window_shift = true,
          .window_shift = 7,
          .sack_permitted = true,
          .has_timestamps = true,
          .timestamp_value = 500};
}

// The peer's last segment of the handshake that `syn_ack` belongs to.
PeerSegment last_ack(const Sent& syn_ack, std::uint32_t seq, std::string_view payload = {}) {
  PeerSegment ack{.seq = seq, .ack = syn_ack.header.sequence + 1, .payload = payload};
  ack.options.has_timestamps = syn_ack.options.has_timestamps;
  ack.options.timestamp_value = 501;
  ack.options.timestamp_echo = syn_ack.options.timestamp_value;
  return ack;
}

}  // namespace

TEST(SynCookie, GivesBackTheClassOfTheMss) {
  const tcp::CookieJar jar(1, 2);
  for (const auto& [announced, kept] :
       {std::pair{1'460, 1'460}, {1'459, 1'440}, {536, 536}, {100, 64}, {10, 64}, {9'000, 8'940}}) {
    const auto cookie = jar.make(kFlow, 77, static_cast<std::uint16_t>(announced), kNow);
    EXPECT_EQ(jar.check(kFlow, 77, cookie, kNow), kept) << announced;
  }
}

TEST(SynCookie, IsGoodForItsPeriodAndTheNextOne) {
  const tcp::CookieJar jar(1, 2);
  const auto cookie = jar.make(kFlow, 77, 1'460, kNow);
  EXPECT_TRUE(jar.check(kFlow, 77, cookie, kNow + tcp::kCookiePeriod));
  EXPECT_FALSE(jar.check(kFlow, 77, cookie, kNow + tcp::kCookiePeriod * 2));
}

TEST(SynCookie, BelongsToOneFlowOneSequenceNumberAndOneKey) {
  const tcp::CookieJar jar(1, 2);
  const auto cookie = jar.make(kFlow, 77, 1'460, kNow);
  tcp::FlowKey other = kFlow;
  other.remote_port = 4'001;
  EXPECT_FALSE(jar.check(other, 77, cookie, kNow));
  EXPECT_FALSE(jar.check(kFlow, 78, cookie, kNow));
  EXPECT_FALSE(jar.check(kFlow, 77, cookie + 8, kNow));
  EXPECT_FALSE(tcp::CookieJar(1, 3).check(kFlow, 77, cookie, kNow));
}

TEST(SynCookie, TheTimestampKeepsTheOptionsAndIsNeverAheadOfTheClock) {
  for (const tcp::CookieOptions options :
       {tcp::CookieOptions{.window_shift = 14, .sack = true}, tcp::CookieOptions{.ecn = true},
        tcp::CookieOptions{.window_shift = 0}}) {
    for (std::uint32_t now = UINT32_MAX - 100; now != 100; ++now) {
      const std::uint32_t stamp = tcp::cookie_timestamp(now, options);
      EXPECT_EQ(tcp::options_of_cookie(stamp), options);
      EXPECT_LT(now - stamp, 64u);
    }
  }
}

TEST(SynCookie, TheConnectionExistsOnlyAfterTheLastAckAndHasItsOptions) {
  TcpScript script = always();
  script.peer({.flags = kSyn, .seq = 999, .options = all_options()});
  const auto syn_ack = script.next();
  ASSERT_TRUE(syn_ack);
  EXPECT_EQ(script.stack->open_connections(), 0u);
  EXPECT_TRUE(syn_ack->options.sack_permitted && syn_ack->options.has_window_shift);
  script.peer(last_ack(*syn_ack, 1'000, "EHLO"));
  Connection* connection = script.stack->next_ready();
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(as_text(connection->readable()), "EHLO");
  const auto& tcb = static_cast<const tcp::Tcb&>(*connection);
  EXPECT_EQ(tcb.mss, 1'400 - kTimestampOptionLength);
  EXPECT_EQ(tcb.snd_shift, 7);
  EXPECT_EQ(tcb.rcv_shift, syn_ack->options.window_shift);
  EXPECT_TRUE(tcb.sack && tcb.timestamps && tcb.window_scaling);
  EXPECT_EQ(tcb.rtt.timeout(0), seconds(1));  // no round trip was measured
}

TEST(SynCookie, WithoutTimestampsTheMssAloneIsKept) {
  TcpScript script = always();
  TcpOptions options = all_options();
  options.has_timestamps = false;
  script.peer({.flags = kSyn, .seq = 999, .options = options});
  const auto syn_ack = script.next();
  EXPECT_FALSE(syn_ack->options.sack_permitted || syn_ack->options.has_window_shift);
  script.peer(last_ack(*syn_ack, 1'000));
  const auto* tcb = static_cast<const tcp::Tcb*>(script.stack->next_ready());
  ASSERT_NE(tcb, nullptr);
  EXPECT_EQ(tcb->mss, 1'400);
  EXPECT_FALSE(tcb->sack || tcb->window_scaling);
}

TEST(SynCookie, AGuessIsAnsweredByAReset) {
  TcpScript script = always();
  script.peer({.flags = kSyn, .seq = 999});
  auto guess = last_ack(*script.next(), 1'000);
  guess.ack += 8;
  script.peer(guess);
  EXPECT_EQ(script.next()->header.flags, kRst);
  EXPECT_EQ(script.stack->open_connections(), 0u);
}

TEST(SynCookie, AutomaticOnesAreMadeWhenTheBacklogIsFull) {
  TcpScript script([](StackOptions& options) { options.syn_backlog = 4; });
  for (std::uint16_t i = 0; i < 100; ++i)
    script.peer({.flags = kSyn, .seq = i, .remote_port = static_cast<std::uint16_t>(5'000 + i)});
  EXPECT_EQ(script.pending(), 100u);
  EXPECT_EQ(stack_counters(*script.stack).half_open, 4u);
  EXPECT_EQ(stack_counters(*script.stack).syn_cookies_sent, 96u);
  EXPECT_NE(script.establish(), nullptr);
}

TEST(SynCookie, NoneCountsLongAfterTheLastOneWasSent) {
  TcpScript script = always();
  script.peer({.flags = kSyn, .seq = 999});
  const auto syn_ack = script.next();
  script.now = script.now + tcp::kCookiePeriod * 2;
  script.peer(last_ack(*syn_ack, 1'000));
  EXPECT_EQ(script.next()->header.flags, kRst);
}

}  // namespace sluice::net::test
