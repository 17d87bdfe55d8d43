// How much a peer is given: what it announces (RFC 9422), and what its answers show.
#include "engine/delivery/concurrency.h"
#include "engine/delivery/session_limits.h"
#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using mail::EventKind;
using queueing::RecipientStatus;
using testing::ElementsAre;

std::size_t count(const FakeHost& host, std::string_view verb) {
  return static_cast<std::size_t>(std::ranges::count_if(
      host.commands, [&](const std::string& line) { return line.starts_with(verb); }));
}

class DeliveryLimits : public DeliveryWorld {
 protected:
  void announce(std::string limits) {
    first().script = [=](const std::string& line) {
      return line.starts_with("EHLO") ? "250-mx.test\r\n250-PIPELINING\r\n250 LIMITS " + limits
                                      : std::string();
    };
  }
};

TEST(SessionLimits, RecipientsAndDomainsAreCountedApart) {
  mail::Envelope envelope;
  envelope.set_sender("a@b", {});
  for (const char* address : {"1@one.net", "2@two.net", "3@ONE.net", "4@three.net", "5@two.net"})
    envelope.add_recipient({.address = address});
  SessionLimits limits;
  limits.begin({.limits = {.mail_max = 7, .rcpt_max = 2, .rcpt_domain_max = 2}}, 20);
  std::vector<Rid> rids{0, 1, 2, 3, 4};
  limits.admit(envelope, rids);
  EXPECT_THAT(rids, ElementsAre(0, 1));
  rids = {2, 3, 4};
  limits.admit(envelope, rids);
  EXPECT_THAT(rids, ElementsAre(2, 4));
  EXPECT_FALSE(limits.used_up(6));
  EXPECT_TRUE(limits.used_up(7));
  rids = {3};
  limits.admit(envelope, rids);
  EXPECT_TRUE(rids.empty());
  EXPECT_TRUE(limits.used_up(1));
}

TEST(Concurrency, GrowsByAnswersAndIsHalvedByPushback) {
  Concurrency concurrency;
  EXPECT_EQ(concurrency.allowed(5, 20), 5u);
  EXPECT_EQ(concurrency.allowed(5, 3), 3u);
  for (int i = 0; i < 100; ++i) concurrency.succeeded(2, 5, 20);
  EXPECT_EQ(concurrency.allowed(5, 20), 5u) << "those allowed were not even used";
  for (int i = 0; i < 5; ++i) concurrency.succeeded(5, 5, 20);
  EXPECT_EQ(concurrency.allowed(5, 20), 6u);
  for (int i = 0; i < 1'000; ++i) concurrency.succeeded(20, 5, 20);
  EXPECT_EQ(concurrency.allowed(5, 20), 20u);
  concurrency.pushed_back(9);
  EXPECT_EQ(concurrency.allowed(5, 20), 4u);
  concurrency.pushed_back(1);
  EXPECT_EQ(concurrency.allowed(5, 20), 1u);
}

TEST_F(DeliveryLimits, NoSessionCarriesMoreMessagesThanMailmax) {
  config.delivery.connections_per_destination = 1;
  announce("MAILMAX=3 FUTURE=x MAILMIN=9");
  for (int i = 0; i < 7; ++i) put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 7u);
  EXPECT_EQ(first().connections, 3u);
}

TEST_F(DeliveryLimits, NoTransactionHasMoreRecipientsThanRcptmax) {
  announce("RCPTMAX=4");
  std::vector<std::string> recipients;
  for (int i = 0; i < 10; ++i) recipients.push_back(std::to_string(i) + "@example.com");
  put(recipients);
  settle();
  EXPECT_EQ(first().messages.size(), 3u);
  EXPECT_EQ(count(first(), "RCPT"), 10u);
  EXPECT_EQ(count(first(), "MAIL"), 3u);
  EXPECT_TRUE(shard.messages.empty());
  EXPECT_EQ(seen(EventKind::delivery_delayed), 0);
  EXPECT_EQ(delivery->status()[0].active_recipients, 0u);
}

TEST_F(DeliveryLimits, NoSessionHasMoreDomainsThanRcptdomainmax) {
  config.routes[0].domain = "*";
  config.delivery.connections_per_destination = 1;
  announce("RCPTDOMAINMAX=1");
  put({"a@one.example", "b@two.example", "c@one.example", "d@three.example"});
  put({"e@one.example"});
  settle();
  EXPECT_TRUE(shard.messages.empty());
  EXPECT_EQ(first().messages.size(), 4u);
  EXPECT_GE(first().connections, 3u);
  std::string domain;  // of the session
  for (const std::string& line : first().commands) {
    if (line.starts_with("EHLO")) domain.clear();
    if (!line.starts_with("RCPT")) continue;
    const std::string own = line.substr(line.find('@'));
    EXPECT_TRUE(domain.empty() || domain == own) << line;
    domain = own;
  }
}

TEST_F(DeliveryLimits, RecipientsOverAnUnannouncedLimitGoInTheNextTransaction) {
  int taken = 0;
  first().script = [&](const std::string& line) -> std::string {
    if (line.starts_with("MAIL")) taken = 0;
    return line.starts_with("RCPT") && ++taken > 2 ? "452 4.5.3 Too many recipients" : "";
  };
  const Mid mid =
      put({"a@example.com", "b@example.com", "c@example.com", "d@example.com", "e@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 3u);
  for (Rid rid = 0; rid < 5; ++rid)
    EXPECT_EQ((shard.outcomes[{mid, rid}]), RecipientStatus::delivered) << rid;
  EXPECT_EQ(seen(EventKind::delivery_delayed), 0);
}

TEST_F(DeliveryLimits, APeerThatTakesNobodyWithTooManyRecipientsIsNotAskedInALoop) {
  first().script = [](const std::string& line) {
    return line.starts_with("RCPT") ? "452 4.5.3 Too many recipients" : "";
  };
  put({"a@example.com", "b@example.com"});
  settle();
  EXPECT_EQ(count(first(), "MAIL"), 1u);
  EXPECT_EQ(seen(EventKind::delivery_delayed), 2);
}

TEST_F(DeliveryLimits, APeerWithTooManyConnectionsIsNotDownAndGetsFewer) {
  first().script = [this](const std::string& line) {
    return line == "CONNECT" && first().open > 1 ? "421 4.3.2 too many connections" : "";
  };
  second().refuses = true;
  for (int i = 0; i < 12; ++i) put({"a@example.com"});
  settle();
  EXPECT_EQ(first().messages.size(), 12u);
  EXPECT_EQ(seen(EventKind::delivery_delayed), 0);
  EXPECT_LE(seen(EventKind::delivery_failed), 4);
  EXPECT_FALSE(delivery->status()[0].down);
}

TEST_F(DeliveryLimits, AnUnknownPeerGetsFewConnectionsAndMoreAsItAnswers) {
  config.delivery.connections_first = 2;
  config.delivery.connections_per_destination = 6;
  config.delivery.messages_per_connection = 2;
  for (int i = 0; i < 200; ++i) put({"a@example.com"});
  std::size_t early = 0;
  first().script = [&](const std::string& line) {
    if (line == "CONNECT" && first().messages.size() < 2) early = std::max(early, first().open);
    return "";
  };
  settle();
  EXPECT_EQ(first().messages.size(), 200u);
  EXPECT_EQ(early, 2u);
  EXPECT_GT(first().most_open, 2u);
  EXPECT_LE(first().most_open, 6u);
}

TEST_F(DeliveryLimits, ADownPeerIsProbedByOneConnectionBeforeTheRestFollows) {
  first().refuses = second().refuses = true;
  for (int i = 0; i < 50; ++i) put({"a@example.com"});
  settle();
  first().refuses = second().refuses = false;
  first().answers = false;  // it takes its time
  const int before = seen(EventKind::delivery_failed);
  pass(minutes(16));
  EXPECT_EQ(transport.open_connections(), 1u);
  EXPECT_EQ(seen(EventKind::delivery_failed), before);
  first().answers = true;
  settle();
  EXPECT_EQ(first().messages.size(), 50u);
  EXPECT_GT(first().most_open, 1u);
}

}  // namespace
}  // namespace sluice::delivery
