#include "engine/delivery/sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/delivery/destination.h"

namespace sluice::delivery {
namespace {

using Mode = web::StsPolicy::Mode;

MailHost host(std::string name, DanePolicy::State dane = DanePolicy::State::none) {
  return {.name = std::move(name),
          .addresses = {*IpAddress::parse("192.0.2.1")},
          .dane = {.state = dane, .records = {}, .base_domain = {}, .trouble = {}}};
}

web::StsState policy(Mode mode) {
  return {.policy = std::make_shared<const web::StsPolicy>(
              web::StsPolicy{.mode = mode, .mx = {"good.test"}, .id = "7"})};
}

class Sts : public testing::Test {
 protected:
  // "good.test other.test": the hosts that are left.
  std::string apply(const web::StsState& state) {
    notes.clear();
    for (const StsNote& note : apply_sts(found, "example.com", state))
      notes += (note.host.empty() ? "" : note.host + ": ") + note.said + "\n";
    std::string names;
    for (const MailHost& left : found.hosts) names += (names.empty() ? "" : " ") + left.name;
    return names;
  }
  // What the TLS of the first host must be.
  tls::PeerPolicy peer(const PeerRule& rule = {}) {
    Random random(1);
    Destination destination({.domain = "example.com", .next_hops = {}}, "example.com", rule);
    destination.set_hosts(found, Instant::never(), random);
    return destination.policy(0);
  }

  MailHosts found{.hosts = {host("good.test"), host("other.test")}};
  std::string notes;
};

TEST_F(Sts, EnforceTakesOutWhatIsNotListedAndVerifiesTheRest) {
  EXPECT_EQ(apply(policy(Mode::enforce)), "good.test");
  EXPECT_EQ(notes, "policy enforce id 7\nother.test: not in the policy: no mail to it\n");
  EXPECT_EQ(peer().level, tls::Level::required_verify);
  EXPECT_EQ(peer().server_name, "good.test");
  EXPECT_TRUE(peer().names.empty());
}

TEST_F(Sts, WithoutAHostThatIsListedTheMailWaits) {
  found.hosts.erase(found.hosts.begin());
  EXPECT_EQ(apply(policy(Mode::enforce)), "");
  EXPECT_EQ(found.status, "4.7.5");
  EXPECT_EQ(found.detail, "MTA-STS: no mail host of example.com is in its policy");
}

TEST_F(Sts, TestingOnlyLooks) {
  EXPECT_EQ(apply(policy(Mode::testing)), "good.test other.test");
  EXPECT_EQ(peer().level, tls::Level::preferred);
  EXPECT_TRUE(peer().audit);
  EXPECT_TRUE(looks_at_certificate(peer()));
}

TEST_F(Sts, NoneAndNoPolicyChangeNothing) {
  EXPECT_EQ(apply(policy(Mode::none)), "good.test other.test");
  EXPECT_EQ(notes, "policy none id 7\n");
  EXPECT_EQ(peer().level, tls::Level::preferred);
  EXPECT_EQ(apply({}), "good.test other.test");
  EXPECT_EQ(notes, "");
  EXPECT_EQ(apply({.fault = web::StsFault::fetch, .trouble = "not fetched: x"}),
            "good.test other.test");
  EXPECT_EQ(notes, "no policy: not fetched: x\n");
}

TEST_F(Sts, DaneDecidesWhereItHasASay) {
  found.hosts = {host("other.test", DanePolicy::State::unusable)};
  EXPECT_EQ(apply(policy(Mode::enforce)), "other.test");
  EXPECT_EQ(notes, "policy enforce id 7\nother.test: its TLSA records decide\n");
  EXPECT_EQ(peer().level, tls::Level::required);  // RFC 7672 2.2: as if there was no policy
}

TEST_F(Sts, TheOperatorsNamesStandAndTheDomainAsANameDoesNot) {
  apply(policy(Mode::enforce));
  PeerRule named;
  named.policy.server_name = "own.test";
  EXPECT_EQ(peer(named).level, tls::Level::required_verify);
  EXPECT_EQ(peer(named).server_name, "own.test");
  PeerRule strict;
  strict.policy.level = tls::Level::required_verify;
  strict.policy.server_name = strict.domain = "example.com";
  EXPECT_EQ(peer(strict).server_name, "good.test");
  EXPECT_TRUE(peer(strict).names.empty());  // RFC 8461 4.2: for the host, not for the domain
}

TEST_F(Sts, WhatMustBeProtectedGoesToHostsThatAreKnownSecurely) {
  found.hosts[1].secure = true;
  apply(policy(Mode::testing));
  keep_secure_hosts(found, "example.com", policy(Mode::testing));
  EXPECT_EQ(found.hosts.size(), 2U);  // the policy names the one, DNSSEC the other
  found.hosts = {host("good.test"), host("other.test")};
  keep_secure_hosts(found, "example.com", {});
  EXPECT_TRUE(found.hosts.empty());
  EXPECT_EQ(found.status, "5.7.10");
  found.hosts = {host("good.test")};
  keep_secure_hosts(found, "example.com", {.fault = web::StsFault::fetch});
  EXPECT_EQ(found.status, "4.7.5");
}

TEST_F(Sts, ARuleThatHeedsNoPolicyIsNotTightened) {
  apply(policy(Mode::enforce));
  PeerRule deaf;
  deaf.heeds_sts = false;
  EXPECT_EQ(peer(deaf).level, tls::Level::preferred);
}

}  // namespace
}  // namespace sluice::delivery
