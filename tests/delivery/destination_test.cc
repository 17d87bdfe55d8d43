#include "engine/delivery/destination.h"

namespace sluice::delivery {
namespace {

Destination two_hops() {
  return Destination(
      {.domain = "example.com",
       .next_hops = {*Endpoint::parse("192.0.2.1:25"), *Endpoint::parse("192.0.2.2:25")}});
}

TEST(Destination, TriesNextHopsInOrderAndLeavesOutTheOneThatFailed) {
  Destination destination = two_hops();
  const Instant now{seconds(100).ns};
  EXPECT_EQ(destination.pick_hop(now), 0u);
  destination.hop_failed(0, now, minutes(1), minutes(15));
  EXPECT_EQ(destination.pick_hop(now), 1u);
  destination.hop_failed(1, now, minutes(1), minutes(15));
  EXPECT_EQ(destination.pick_hop(now), std::nullopt);
  EXPECT_EQ(destination.pick_hop(now + minutes(1)), 0u);
}

// A destination that somebody refers to is never freed.
TEST(Destination, IsUnusedOnlyWhenNothingRefersToIt) {
  Destination destination = two_hops();
  EXPECT_TRUE(destination.unused());
  Lease lease;
  Job job{.lease = &lease, .destination = &destination};
  destination.collecting = &job;
  EXPECT_FALSE(destination.unused());
  destination.collecting = nullptr;
  destination.enqueue(job);
  EXPECT_FALSE(destination.unused());
  EXPECT_EQ(destination.next_job(), &job);
  IntrusiveList<Destination, &Destination::attention> list;
  list.push_back(destination);
  EXPECT_FALSE(destination.unused());
  list.pop_front();
  EXPECT_TRUE(destination.unused());
}

TEST(Destination, ADeadHopIsTriedLessAndLessOftenUntilItAnswers) {
  Destination destination = two_hops();
  Instant now{seconds(100).ns};
  for (const std::int64_t pause : {1, 2, 4, 8, 15, 15}) {
    destination.hop_failed(0, now, minutes(1), minutes(15));
    EXPECT_EQ(destination.pick_hop(now + minutes(pause) - nanoseconds(1)), 1u);
    EXPECT_EQ(destination.pick_hop(now + minutes(pause)), 0u);
    now = now + minutes(pause);
  }
  destination.hop_works(0);
  destination.hop_failed(0, now, minutes(1), minutes(15));
  EXPECT_EQ(destination.pick_hop(now + minutes(1)), 0u);
}

TEST(Destination, IsDownOnlyWhenEveryHopFailedAtItsLastAttempt) {
  Destination destination = two_hops();
  destination.hop_failed(0, {}, minutes(1), minutes(15));
  EXPECT_FALSE(destination.status().down);
  destination.hop_failed(1, {}, minutes(1), minutes(15));
  EXPECT_TRUE(destination.status().down);
  destination.hop_works(1);
  EXPECT_FALSE(destination.status().down);
}

TEST(Destination, WantsOneConnectionPerWaitingJobUpToTheLimit) {
  Destination destination = two_hops();
  Job first;
  Job second;
  EXPECT_FALSE(destination.wants_connection(20));
  destination.enqueue(first);
  destination.enqueue(second);
  destination.connections = destination.opening = 1;
  EXPECT_TRUE(destination.wants_connection(20));
  EXPECT_FALSE(destination.wants_connection(1));
  destination.connections = destination.opening = 2;
  EXPECT_FALSE(destination.wants_connection(20));
  EXPECT_EQ(destination.next_job(), &first);
}

}  // namespace
}  // namespace sluice::delivery
