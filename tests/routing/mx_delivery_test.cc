// Deliveries whose next hops are looked up: the dispatcher with a resolver whose servers are the
// test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/delivery/delivery.h"
#include "tests/delivery/delivery_world.h"
#include "tests/dns/fake_servers.h"

namespace sluice::delivery {
namespace {

using dns::record;
using dns::Type;
using dns::wire_name;
using dns::word;

std::string mx_record(std::string_view domain, unsigned preference, std::string_view host) {
  return record(domain, Type::mx, 60, word(preference) + wire_name(host));
}

class MxDelivery : public DeliveryWorld {
 protected:
  MxDelivery() {
    // Bounces have a route of their own.
    config.routes = {{.domain = "example.org", .next_hops = {*Endpoint::parse(kOther)}},
                     {.domain = "*", .next_hops = {}}};
    servers.serve = [this](const dns::Asked& asked) {
      ++questions;
      dns::Message message;
      if (failing) message.flags = 0x8182;
      if (const auto known = zone.find(asked.question); known != zone.end())
        message.answers = known->second;
      else if (!failing)
        message.flags = 0x8183;
      return message.to(asked.question, asked.id);
    };
    zone[{"example.com", Type::mx}] = {mx_record("example.com", 20, "second.test"),
                                       mx_record("example.com", 10, "first.test")};
    zone[{"first.test", Type::a}] = {dns::a_record("first.test", 60, "192.0.2.1")};
    zone[{"second.test", Type::a}] = {dns::a_record("second.test", 60, "192.0.2.2")};
  }
  void begin() {
    Surroundings around;
    around.config = &config;
    around.shard = &shard;
    around.transport = [this](std::string_view) { return &transport; };
    around.events = &events;
    around.blocks = &blocks;
    around.mids = &mids;
    around.dcids = &dcids;
    around.resolver = &resolver;
    around.policies = policies;
    delivery = Delivery::create(around);
  }
  // Lets everything happen that can happen without the clock.
  void run() {
    if (delivery == nullptr) begin();
    for (int round = 0; round < 20; ++round) {
      settle();
      resolver.poll(clock.now());
      for (dns::Resolver::Done done; resolver.next_done(done);)
        delivery->on_answer(done, clock.now(), clock.wall());
    }
  }
  // Answers who has asked for a policy; how many that were.
  int answer_policies(const web::StsState& state) {
    int count = 0;
    web::StsRequest request;
    for (; desk.take(request); ++count) desk.answer({request.token, state});
    for (web::StsAnswer answer; desk.next(answer);)
      delivery->on_policy(answer, clock.now(), clock.wall());
    run();
    return count;
  }
  std::string bounce() {
    const auto& text = events.last[mail::EventKind::delivery_bounced];
    return text[0] + ": " + text[2];
  }

  web::StsDesk desk{{}, {}};
  web::StsDesk* policies = nullptr;
  std::map<dns::Question, std::vector<std::string>> zone;
  bool failing = false;
  int questions = 0;
  dns::FakeServers servers;
  dns::Resolver resolver{{.servers = {*Endpoint::parse("192.0.2.53:53")}}, nullptr, &servers, 1};
};

TEST_F(MxDelivery, MailGoesToThePreferredHost) {
  put({"a@example.com", "b@EXAMPLE.com"});
  run();
  EXPECT_EQ(first().messages.size(), 1U);
  EXPECT_EQ(second().connections, 0U);
  const int asked = questions;
  put({"c@example.com"});
  run();
  EXPECT_EQ(first().messages.size(), 2U);
  EXPECT_EQ(questions, asked);  // what is known is not asked for again
}

TEST_F(MxDelivery, AHostThatDoesNotAnswerIsFollowedByTheNext) {
  first().refuses = true;
  put({"a@example.com"});
  run();
  EXPECT_EQ(second().messages.size(), 1U);
}

TEST_F(MxDelivery, EqualHostsShareTheWork) {
  zone[{"example.com", Type::mx}] = {mx_record("example.com", 10, "second.test"),
                                     mx_record("example.com", 10, "first.test")};
  for (int i = 0; i < 40; ++i) {
    put({"a@example.com"});
    run();
    pass(hours(2));  // the hosts are looked up again, and chosen again
  }
  EXPECT_GT(first().messages.size(), 5U);
  EXPECT_GT(second().messages.size(), 5U);
}

TEST_F(MxDelivery, DomainsWithoutRouteAreLookedUp) {
  config.routes = {{.domain = "example.org", .next_hops = {*Endpoint::parse(kOther)}}};
  put({"a@example.com", "b@example.org"});
  run();
  EXPECT_EQ(first().messages.size(), 1U);
  EXPECT_EQ(other().messages.size(), 1U);
}

TEST_F(MxDelivery, ANextHopWithANameTakesTheMailOfAllDomains) {
  for (const char* hop : {"example.com", "[first.test]"}) {
    config.routes = {{.domain = "*", .next_hops = {*config::NextHop::parse(hop)}}};
    put({"a@anywhere.test", "b@elsewhere.test"});
    run();
    ASSERT_EQ(first().messages.size(), 1U) << hop;  // one for both
    first().messages.clear();
    delivery.reset();
  }
  // What DNS does not know of the relay is no reason to return anything.
  config.routes = {{.domain = "*", .next_hops = {*config::NextHop::parse("nowhere.test")}}};
  put({"a@anywhere.test"});
  run();
  EXPECT_EQ(seen(mail::EventKind::delivery_delayed), 1);
  EXPECT_EQ(seen(mail::EventKind::delivery_bounced), 0);
}

TEST_F(MxDelivery, ADomainThatTakesNoMailIsAnsweredAtOnce) {
  zone[{"null.test", Type::mx}] = {mx_record("null.test", 0, "")};
  zone[{"null.test", Type::a}] = {dns::a_record("null.test", 60, "192.0.2.1")};
  put({"a@null.test"});
  run();
  EXPECT_EQ(bounce(), "5.1.10: 5.1.10 domain null.test does not accept mail (null MX)");
  put({"a@gone.test"});
  run();
  EXPECT_EQ(bounce(), "5.1.2: 5.1.2 domain gone.test does not exist");
  EXPECT_EQ(first().connections, 0U);
}

TEST_F(MxDelivery, AFailureOfDnsDefersAndTheNextAttemptFindsItsWay) {
  failing = true;
  zone.clear();
  put({"a@example.com"});
  run();
  EXPECT_EQ(events.last[mail::EventKind::delivery_delayed][0], "4.4.3");
  failing = false;
  zone[{"example.com", Type::mx}] = {mx_record("example.com", 10, "first.test")};
  zone[{"first.test", Type::a}] = {dns::a_record("first.test", 60, "192.0.2.1")};
  clock.advance(hours(1));
  run();
  EXPECT_EQ(first().messages.size(), 1U);
}

TEST_F(MxDelivery, OurselvesAsTheFirstHostIsALoop) {
  config.hostname = "first.test";
  put({"a@example.com"});
  run();
  EXPECT_EQ(bounce(), "5.4.6: 5.4.6 mail for example.com loops back to this host");
}

TEST_F(MxDelivery, AReloadWhileHostsAreLookedUpLosesNothing) {
  const auto serve =
      std::exchange(servers.serve, [](const dns::Asked&) { return std::vector<std::uint8_t>(); });
  put({"a@example.com"});
  run();
  delivery->reconfigure(config, {});
  servers.serve = serve;
  clock.advance(seconds(3));
  run();
  run();
  EXPECT_EQ(first().messages.size(), 1U);
}

TEST_F(MxDelivery, MailWaitsForThePolicyOfItsDomain) {
  policies = &desk;
  put({"a@example.com", "b@example.com"});
  run();
  EXPECT_EQ(first().connections, 0U);
  EXPECT_EQ(answer_policies({}), 1);
  EXPECT_EQ(first().messages.size(), 1U);
}

TEST_F(MxDelivery, APolicyThatListsNoHostDefersAndNothingIsSaid) {
  policies = &desk;
  put({"a@example.com"});
  run();
  EXPECT_EQ(answer_policies({.policy = std::make_shared<const web::StsPolicy>(web::StsPolicy{
                                 .mode = web::StsPolicy::Mode::enforce, .mx = {"third.test"}})}),
            1);
  EXPECT_EQ(events.last[mail::EventKind::delivery_delayed][0], "4.7.5");
  EXPECT_EQ(first().connections + second().connections, 0U);
}

TEST_F(MxDelivery, AnEnforcedPolicyNeverEndsInTheClear) {
  policies = &desk;
  put({"a@example.com"});
  run();
  answer_policies({.policy = std::make_shared<const web::StsPolicy>(
                       web::StsPolicy{.mode = web::StsPolicy::Mode::enforce, .mx = {"*.test"}})});
  EXPECT_EQ(events.last[mail::EventKind::delivery_delayed][0], "4.7.10");
  EXPECT_EQ(first().connections + second().connections, 2U);  // neither offers STARTTLS
  EXPECT_EQ(first().messages.size() + second().messages.size(), 0U);
}

TEST_F(MxDelivery, WhoSwitchesPoliciesOffIsNotAskedFor) {
  policies = &desk;
  config.destinations = {{.domain = "example.com", .mta_sts = false}};
  put({"a@example.com"});
  run();
  EXPECT_EQ(first().messages.size(), 1U);
  config.destinations.clear();
  config.mta_sts.enabled = false;
  delivery->reconfigure(config, {});
  put({"b@example.com"});
  run();
  EXPECT_EQ(first().messages.size(), 2U);
  EXPECT_EQ(answer_policies({}), 0);
}

TEST_F(MxDelivery, AReloadWhileAPolicyIsAskedForLosesNothing) {
  policies = &desk;
  put({"a@example.com"});
  run();
  delivery->reconfigure(config, {});
  run();
  EXPECT_EQ(answer_policies({}), 2);  // the first one asked for a destination that has gone
  EXPECT_EQ(first().messages.size(), 1U);
}

TEST_F(MxDelivery, ADomainBeyondAsciiIsLookedUpByItsALabels) {
  zone[{"xn--bcher-kva.test", Type::mx}] = {mx_record("xn--bcher-kva.test", 10, "first.test")};
  put(
      {"a@b\xc3\xbc"
       "cher.test"});
  run();
  EXPECT_EQ(first().connections, 1U);
  put({"b@XN--Bcher-kva.test"});
  run();
  std::set<std::string> names;
  for (const DestinationStatus& row : delivery->status()) names.insert(row.name);
  EXPECT_THAT(names,
              testing::ElementsAre("example.org", "xn--bcher-kva.test"));  // one, and bounces
}

// "domain: policy-type successes result×count…" of all that has been counted.
std::string tally_text(const TlsTally& tally) {
  std::string text;
  for (const auto& [domain, counts] : tally.domains())
    for (const auto& [policy, one] : counts.policies) {
      text +=
          domain + ": " + std::string(name_of(policy.type)) + " " + std::to_string(one.successes);
      for (const auto& [failure, count] : one.details)
        text += " " + std::string(name_of(failure.result)) + "(" + failure.host + ") " +
                std::to_string(count);
      text += "\n";
    }
  return text;
}

class MxReports : public MxDelivery {
 protected:
  MxReports() {
    config.tlsrpt.contact = "tls@example.net";
    const std::string text = "v=TLSRPTv1; rua=mailto:r@x.test";
    zone[{"_smtp._tls.example.com", Type::txt}] = {
        record("_smtp._tls.example.com", Type::txt, 60, static_cast<char>(text.size()) + text)};
    policies = &desk;
  }
};

TEST_F(MxReports, ASessionWithoutTlsIsCountedOnceHoweverManyMessagesItCarries) {
  put({"a@example.com"});
  put({"b@example.com"});
  run();
  answer_policies({});
  EXPECT_EQ(first().messages.size(), 2U);
  EXPECT_EQ(tally_text(delivery->take_tally()),
            "example.com: no-policy-found 0 starttls-not-supported(first.test) " +
                std::to_string(first().connections) + "\n");
  EXPECT_TRUE(delivery->take_tally().empty());
}

TEST_F(MxReports, WhoWantsNoReportAndWhoseTlsIsOffIsNotCounted) {
  zone.erase({"_smtp._tls.example.com", Type::txt});
  put({"a@example.com"});
  run();
  answer_policies({});
  EXPECT_TRUE(delivery->take_tally().empty());
}

TEST_F(MxReports, NothingIsAskedForWithoutAContact) {
  config.tlsrpt.contact.clear();
  put({"a@example.com"});
  run();
  answer_policies({});
  EXPECT_EQ(first().messages.size(), 1U);
  EXPECT_TRUE(delivery->take_tally().empty());
}

TEST_F(MxReports, AnEnforcedPolicyIsReportedHostByHost) {
  put({"a@example.com"});
  run();
  answer_policies({.policy = std::make_shared<const web::StsPolicy>(web::StsPolicy{
                       .mode = web::StsPolicy::Mode::enforce, .mx = {"second.test"}})});
  EXPECT_EQ(tally_text(delivery->take_tally()),
            "example.com: sts 0 starttls-not-supported(second.test) 1 "
            "validation-failure(first.test) 1\n");
}

TEST_F(MxReports, APolicyThatCannotBeHadIsReported) {
  const std::pair<web::StsFault, std::string> faults[] = {
      {web::StsFault::fetch, "sts-policy-fetch-error"},
      {web::StsFault::invalid, "sts-policy-invalid"},
      {web::StsFault::certificate, "sts-webpki-invalid"}};
  for (const auto& [fault, name] : faults) {
    put({"a@example.com"});
    run();
    answer_policies({.fault = fault, .trouble = "x"});
    // RFC 8460 4.4: the policy is one by MTA-STS; what was sent without it had none.
    const std::string tally = tally_text(delivery->take_tally());
    EXPECT_THAT(tally, testing::HasSubstr("example.com: sts 0 " + name + "() 1\n")) << name;
    EXPECT_THAT(tally, testing::HasSubstr("no-policy-found 0 starttls-not-supported(first.test)"))
        << name;
    pass(hours(2));
  }
}

TEST_F(MxReports, AHostThatAnswersOnlyLaterIsNoFailureOfTls) {
  first().refuses = second().refuses = true;
  put({"a@example.com"});
  run();
  answer_policies({});
  EXPECT_TRUE(delivery->take_tally().empty());
}

}  // namespace
}  // namespace sluice::delivery
