#include "engine/delivery/reply_rules.h"

#include "tests/delivery/delivery_world.h"

namespace sluice::delivery {
namespace {

using config::ReplyClass;
using queueing::RecipientStatus;

class ReplyRules : public DeliveryWorld {
 protected:
  void answer(std::string command, std::string reply) {
    first().script = [=](const std::string& line) {
      return line.starts_with(command) ? reply : std::string();
    };
  }
};

TEST(ReplyRule, TheFirstThatFitsDomainAndReplyIsTaken) {
  const std::vector<config::ReplyRule> rules{
      {.domain = "big.example", .match = "55* *quota*", .treat = ReplyClass::temporary},
      {.domain = "*", .match = "452 4.2.2*", .treat = ReplyClass::permanent}};
  const auto found = [&](std::string_view domain, std::uint16_t code, std::string reply) {
    const smtp::RecipientResult result{code < 500 ? smtp::Outcome::deferred : smtp::Outcome::failed,
                                       code, std::move(reply)};
    const config::ReplyRule* rule = find_reply_rule(rules, domain, result);
    return rule == nullptr ? 0 : static_cast<int>(rule - rules.data()) + 1;
  };
  EXPECT_EQ(found("big.example", 552, "552 5.2.2 Over QUOTA, sorry"), 1);
  EXPECT_EQ(found("other.example", 552, "552 5.2.2 Over quota"), 0);
  EXPECT_EQ(found("big.example", 452, "452 4.2.2 full"), 2);
  EXPECT_EQ(found("big.example", 452, "452 4.2.1 full"), 0);
  EXPECT_EQ(found("big.example", 0, "552 5.2.2 quota: not the words of a peer"), 0);
}

TEST_F(ReplyRules, APermanentRefusalMayBeTriedAgainByWaitsOfItsOwn) {
  config.reply_rules = {{.domain = "example.com",
                         .match = "552 5.2.2*",
                         .treat = ReplyClass::temporary,
                         .retry = {minutes(5)},
                         .expire = minutes(12)}};
  answer("RCPT", "552 5.2.2 Mailbox full");
  answer(".", "552 5.2.2 Mailbox full");
  const Mid mid = put({"a@example.com"});
  settle();
  EXPECT_EQ(events.last[mail::EventKind::delivery_delayed][0], "4.2.2");
  for (const Duration wait : {minutes(5), minutes(5), minutes(2)}) {
    EXPECT_EQ(shard.messages.at(mid).message.recipients[0].next_attempt, clock.wall() + wait);
    pass(wait);
  }
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::expired);
}

TEST_F(ReplyRules, ATemporaryRefusalMayBeFinal) {
  config.reply_rules = {{.domain = "*", .match = "450 4.1.1*", .treat = ReplyClass::permanent}};
  answer("RCPT", "450 4.1.1 No such user here");
  const Mid mid = put({"a@example.com"});
  settle();
  EXPECT_EQ((shard.outcomes[{mid, 0}]), RecipientStatus::bounced);
  EXPECT_EQ(events.last[mail::EventKind::delivery_bounced][0], "5.1.1");
}

TEST_F(ReplyRules, RefusedAttemptsComeAtTheTimesOfTheTable) {
  config.delivery.expire = hours(24);
  answer("RCPT", "451 4.3.0 try later");
  put({"a@example.com"});
  settle();
  Duration age{};
  for (const Duration wait : {minutes(15), minutes(30), hours(1), hours(2), hours(4), hours(4)}) {
    const int before = seen(mail::EventKind::delivery_delayed);
    pass(wait - milliseconds(1));
    EXPECT_EQ(seen(mail::EventKind::delivery_delayed), before) << "early, " << age.seconds();
    pass(milliseconds(1));
    EXPECT_EQ(seen(mail::EventKind::delivery_delayed), before + 1) << "late, " << age.seconds();
    age = age + wait;
  }
}

}  // namespace
}  // namespace sluice::delivery
