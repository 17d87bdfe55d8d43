#include "engine/policy/recipient_policy.h"

namespace sluice::policy {
namespace {

class RecipientPolicy : public testing::Test {
 protected:
  RecipientPolicy() {
    config.accepted_domains = {"example.com", ".sub.example.org"};
    listener.relay_from = {*Prefix::parse("192.0.2.0/24"), *Prefix::parse("2001:db8::/32")};
  }

  // The reply code, 250 when accepted.
  int code(std::string_view address, std::string_view peer = "203.0.113.9") {
    const auto reply = check_recipient(config, listener, *IpAddress::parse(peer), address);
    return reply ? reply->code : 250;
  }

  config::Config config;
  config::Listener listener;
};

TEST_F(RecipientPolicy, AcceptsListedDomainsWhateverTheCase) {
  EXPECT_EQ(code("user@example.com"), 250);
  EXPECT_EQ(code("user@EXAMPLE.Com"), 250);
  EXPECT_EQ(code("\"a@b\"@example.com"), 250);
}

TEST_F(RecipientPolicy, ALeadingDotTakesSubdomainsAndNotTheDomainItself) {
  EXPECT_EQ(code("user@a.sub.example.org"), 250);
  EXPECT_EQ(code("user@a.b.SUB.example.org"), 250);
  EXPECT_EQ(code("user@sub.example.org"), 550);
  EXPECT_EQ(code("user@evilsub.example.org"), 550);
}

TEST_F(RecipientPolicy, AnUnlistedDomainIsRefusedWithTheExchangeText) {
  for (const char* address : {"user@example.net", "user@a.example.com", "user@badexample.com",
                              "user@example.com.evil.test", "user@example.com@evil.test"}) {
    const auto reply = check_recipient(config, listener, *IpAddress::parse("203.0.113.9"), address);
    ASSERT_TRUE(reply) << address;
    EXPECT_EQ(reply->code, 550);
    EXPECT_EQ(reply->enhanced, "5.7.54");
    EXPECT_EQ(reply->text, "SMTP; Unable to relay recipient in non-accepted domain");
  }
}

TEST_F(RecipientPolicy, AStarIsNoAcceptedDomain) {
  config.accepted_domains = {"*"};
  EXPECT_EQ(code("user@example.net"), 550);
}

TEST_F(RecipientPolicy, ListedSourcesMaySendToAnyDomain) {
  EXPECT_EQ(code("user@example.net", "192.0.2.255"), 250);
  EXPECT_EQ(code("user@example.net", "2001:db8:1::2"), 250);
  EXPECT_EQ(code("user@example.net", "192.0.3.0"), 550);
  EXPECT_EQ(code("user@example.net", "2001:db9::1"), 550);
}

TEST_F(RecipientPolicy, PostmasterNeedsNoDomain) {
  EXPECT_EQ(code("postmaster"), 250);
  EXPECT_EQ(code("PostMaster"), 250);
  EXPECT_EQ(code("someone"), 550);
  EXPECT_EQ(code("someone@"), 550);
}

TEST_F(RecipientPolicy, AddressLiteralsAreRefusedEvenToThoseWhoMayRelay) {
  EXPECT_EQ(code("user@[192.0.2.1]"), 550);
  EXPECT_EQ(code("user@[IPv6:2001:db8::1]", "192.0.2.7"), 550);
}

}  // namespace
}  // namespace sluice::policy
