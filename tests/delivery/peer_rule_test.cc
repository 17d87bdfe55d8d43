#include "engine/delivery/peer_rule.h"

#include <gtest/gtest.h>

#include "engine/delivery/destinations.h"

namespace sluice::delivery {
namespace {

config::Config settings() {
  config::Config config;
  config.routes = {{.domain = "*", .next_hops = {*Endpoint::parse("192.0.2.1:25")}}};
  config.destinations = {{.domain = "plain.example", .tls = config::PeerTls::none},
                         {.domain = ".verified.example", .tls = config::PeerTls::required_verify},
                         {.domain = "named.example",
                          .tls = config::PeerTls::required_verify,
                          .names = {"mx.named.example", ".mail.example"}},
                         {.domain = "strict.example", .tls = config::PeerTls::required}};
  return config;
}

PeerRule rule_for(std::string_view domain, TlsWish wish = TlsWish::configured) {
  const config::Config config = settings();
  return peer_rule(config, {}, find_destination(config.destinations, domain), domain, wish);
}

TEST(PeerRule, WithoutAnEntryTlsIsPreferred) {
  EXPECT_EQ(rule_for("else.example").policy.level, tls::Level::preferred);
  EXPECT_EQ(rule_for("plain.example").policy.level, tls::Level::none);
}

TEST(PeerRule, TheCertificateIsForTheDomainUnlessNamesAreGiven) {
  const PeerRule domain = rule_for("a.verified.example");
  EXPECT_EQ(domain.policy.server_name, "a.verified.example");
  EXPECT_EQ(domain.domain, "a.verified.example");
  const PeerRule named = rule_for("named.example");
  EXPECT_EQ(named.policy.server_name, "mx.named.example");
  EXPECT_EQ(named.policy.names, std::vector<std::string>{".mail.example"});
  EXPECT_EQ(named.domain, "");
}

TEST(PeerRule, RequiretlsTightensAndTlsRequiredNoLowers) {
  for (const char* domain : {"plain.example", "strict.example", "else.example"}) {
    const PeerRule rule = rule_for(domain, TlsWish::required);
    EXPECT_EQ(rule.policy.level, tls::Level::required_verify);
    EXPECT_TRUE(rule.requiretls);
  }
  EXPECT_EQ(rule_for("strict.example", TlsWish::optional).policy.level, tls::Level::preferred);
  EXPECT_EQ(rule_for("plain.example", TlsWish::optional).policy.level, tls::Level::none);
  EXPECT_EQ(tls_wish({.requiretls = true, .tls_optional = true}), TlsWish::required);
}

class DestinationsTest : public testing::Test {
 protected:
  DestinationsTest() { destinations.configure(config, {}, false); }
  Destination* find(std::string_view domain, TlsWish wish = TlsWish::configured) {
    return destinations.find(domain, wish).destination;
  }
  config::Config config = settings();
  Destinations destinations;
};

TEST_F(DestinationsTest, DomainsShareOneWhenRouteAndRuleAreTheSame) {
  EXPECT_EQ(find("a.example"), find("B.example"));
  EXPECT_NE(find("a.example"), find("strict.example"));
  EXPECT_EQ(find("strict.example")->name(), "strict.example");
  EXPECT_EQ(find("a.example")->name(), "*");
}

TEST_F(DestinationsTest, WhereTheCertificateNamesTheDomainEachHasItsOwn) {
  EXPECT_NE(find("a.verified.example"), find("b.verified.example"));
  EXPECT_EQ(find("a.verified.example"), find("A.Verified.Example"));
  EXPECT_EQ(find("A.verified.example")->rule().policy.server_name, "a.verified.example");
}

TEST_F(DestinationsTest, MessagesThatWantOtherTlsDoNotShareConnections) {
  EXPECT_NE(find("a.example"), find("a.example", TlsWish::required));
  EXPECT_NE(find("a.example"), find("a.example", TlsWish::optional));
}

TEST_F(DestinationsTest, TheirNumberIsBoundedAndUnusedOnesMakeRoom) {
  find("a.verified.example")->active_recipients = 1;
  for (std::size_t i = 0; i < 2 * Destinations::kMax; ++i)
    ASSERT_NE(find(std::to_string(i) + ".verified.example"), nullptr);
  std::size_t count = 0, kept = 0;
  destinations.for_each([&](const Destination& destination) {
    ++count;
    if (destination.name() == "a.verified.example") ++kept;
  });
  EXPECT_LE(count, Destinations::kMax);
  EXPECT_EQ(kept, 1u);
}

TEST_F(DestinationsTest, WithoutARouteOrRoomItSaysWhich) {
  config.routes.clear();
  EXPECT_EQ(destinations.find("a.example", TlsWish::configured).lack, Destinations::Lack::route);
  config = settings();
  for (std::size_t i = 0; i < Destinations::kMax; ++i)
    find(std::to_string(i) + ".verified.example")->active_recipients = 1;
  EXPECT_EQ(destinations.find("x.verified.example", TlsWish::configured).lack,
            Destinations::Lack::room);
}

}  // namespace
}  // namespace sluice::delivery
