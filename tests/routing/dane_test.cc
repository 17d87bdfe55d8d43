#include "engine/delivery/dane.h"

#include "tests/routing/answers.h"

namespace sluice::delivery {
namespace {

using dns::Type;
using dns::Zone;
using State = DanePolicy::State;

const std::vector<std::uint8_t> kSha256(32, 7);

class Dane : public testing::Test {
 protected:
  DanePolicy find(bool secure_host = true) {
    return zone.run([&](dns::AnswerTable& answers) {
      return find_dane_policy("mx.test", 25, secure_host, answers);
    });
  }
  Zone zone;
};

TEST_F(Dane, RecordsOfASecureHostMustMatch) {
  zone.a("mx.test", {"192.0.2.1"}, true)
      .tlsa("mx.test", {{3, 1, 1, kSha256}, {1, 1, 1, kSha256}, {2, 0, 1, kSha256}});
  const DanePolicy policy = find();
  EXPECT_EQ(policy.state, State::usable);
  EXPECT_EQ(policy.records.size(), 2U);  // PKIX usages do not count, RFC 7672 3.1.3
  EXPECT_EQ(policy.base_domain, "mx.test");
}

TEST_F(Dane, RecordsThatNoneOfUsKnowsDemandTls) {
  zone.a("mx.test", {"192.0.2.1"}, true).tlsa("mx.test", {{1, 1, 1, kSha256}, {3, 1, 1, {1, 2}}});
  EXPECT_EQ(find().state, State::unusable);
}

TEST_F(Dane, NothingIsAskedForAHostFromAnInsecureMx) {
  zone.a("mx.test", {"192.0.2.1"}, true).tlsa("mx.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find(false).state, State::none);
  EXPECT_TRUE(zone.asked.empty());
}

TEST_F(Dane, InsecureAddressesOrRecordsSayNothing) {
  zone.a("mx.test", {"192.0.2.1"}, false).tlsa("mx.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find().state, State::none);
  EXPECT_FALSE(zone.asked.contains({"_25._tcp.mx.test", Type::tlsa}));
  zone.a("mx.test", {"192.0.2.1"}, true).tlsa("mx.test", {{3, 1, 1, kSha256}}, false);
  EXPECT_EQ(find().state, State::none);
  zone.aaaa("mx.test", {"2001:db8::1"}, false).tlsa("mx.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find().state, State::none);  // one family is not secure
}

TEST_F(Dane, ABogusAnswerIsAFailureNeverNoRecords) {
  zone.a("mx.test", {"192.0.2.1"}, true).fails("_25._tcp.mx.test", Type::tlsa);
  EXPECT_EQ(find().state, State::failed);
  EXPECT_EQ(find().trouble, "SERVFAIL");
}

TEST_F(Dane, OfASecureAliasTheTargetIsLookedAtFirstThenTheAlias) {
  zone.a("mx.test", {"192.0.2.1"}, true, "real.test").tlsa("real.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find().base_domain, "real.test");
  zone.no_data("_25._tcp.real.test", Type::tlsa, true).tlsa("mx.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find().base_domain, "mx.test");
}

TEST_F(Dane, OfASecureAliasWithAnInsecureTargetTheAliasCounts) {
  zone.a("mx.test", {"192.0.2.1"}, false, "real.test")
      .cname("mx.test", "real.test", true)
      .tlsa("mx.test", {{3, 1, 1, kSha256}})
      .tlsa("real.test", {{3, 1, 1, kSha256}});
  EXPECT_EQ(find().base_domain, "mx.test");
  zone.cname("mx.test", "real.test", false);
  EXPECT_EQ(find().state, State::none);
  zone.fails("mx.test", Type::cname);
  EXPECT_EQ(find().state, State::failed);
}

TEST_F(Dane, WithoutAddressesThereIsNoPolicy) {
  zone.no_data("mx.test", Type::a, true).no_data("mx.test", Type::aaaa, true);
  EXPECT_EQ(find().state, State::none);
}

}  // namespace
}  // namespace sluice::delivery
