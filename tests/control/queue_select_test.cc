#include "engine/control/queue_select.h"

#include "engine/base/wildcard.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using nlohmann::json;

constexpr WallTime kNow{1'800'000'000'000'000'000};

queueing::QueuedMessage message() {
  queueing::QueuedMessage message;
  message.mid = 7;
  message.received = kNow - hours(2);
  message.scl = 4;
  message.body_size = 1'000;
  message.direction = queueing::Direction::outbound;
  message.stage = queueing::Stage::scan;
  message.envelope.set_sender("Alice@Example.org", {});
  message.envelope.add_recipient({.address = "Bob@One.net"});
  message.envelope.add_recipient({.address = "carol@two.net"});
  message.recipients.resize(2);
  message.recipients[1].status = queueing::RecipientStatus::delivered;
  return message;
}

bool selects(const json& request) {
  const auto selector = parse_selector(request);
  EXPECT_TRUE(selector);
  return selector->matches(message(), kNow);
}

TEST(QueueSelect, TakesARepeatedMidOnce) {
  EXPECT_EQ(parse_selector({{"mids", {7, 1, 7, 7}}})->mids, (std::vector<Mid>{1, 7}));
}

TEST(QueueSelect, EachSelectorTakesAndLeaves) {
  for (const json& request :
       {json::object(), json{{"mids", {1, 7}}}, json{{"sender", "alice@example.org"}},
        json{{"sender", "*@EXAMPLE.org"}}, json{{"recipient", "bob@*"}},
        json{{"domain", "one.net"}}, json{{"older_than", 3'600}}, json{{"younger_than", 10'000}},
        json{{"larger_than", 999}}, json{{"smaller_than", 1'000}}, json{{"scl_min", 4}},
        json{{"scl_max", 4}}, json{{"queue", "outbound"}}})
    EXPECT_TRUE(selects(request)) << request;
  for (const json& request :
       {json{{"mids", {1, 8}}}, json{{"sender", "lice@example.org"}}, json{{"sender", "<>"}},
        json{{"domain", "two.net"}},  // of a recipient that is not pending any more
        json{{"domain", "ne.net"}}, json{{"recipient", "carol@*"}}, json{{"older_than", 10'000}},
        json{{"younger_than", 3'600}}, json{{"larger_than", 1'001}}, json{{"smaller_than", 999}},
        json{{"scl_min", 5}}, json{{"scl_max", 3}}, json{{"queue", "inbound"}},
        json{{"queue", "delivery"}}, json{{"held", true}}, json{{"mid_max", 6}}})
    EXPECT_FALSE(selects(request)) << request;
}

TEST(QueueSelect, SelectorsAreAllToMatch) {
  EXPECT_TRUE(selects({{"domain", "one.net"}, {"scl_min", 4}}));
  EXPECT_FALSE(selects({{"domain", "one.net"}, {"scl_min", 5}}));
  // Both of one recipient.
  EXPECT_FALSE(selects({{"recipient", "bob@*"}, {"domain", "two.net"}}));
}

TEST(QueueSelect, AnUnknownQueueIsAFault) { EXPECT_FALSE(parse_selector({{"queue", "sideways"}})); }

TEST(QueueSelect, PatternsWithManyStarsEndInTime) {
  const std::string text(10'000, 'a');
  EXPECT_FALSE(matches_wildcard("*a*a*a*a*a*a*a*a*b", text));
  EXPECT_TRUE(matches_wildcard("*a*a*", text));
  EXPECT_TRUE(matches_wildcard("", ""));
  EXPECT_TRUE(matches_wildcard("**", ""));
  EXPECT_FALSE(matches_wildcard("", "x"));
}

}  // namespace
}  // namespace sluice::control
