#include "engine/control/event_ring.h"

namespace sluice::control {

TEST(EventRing, EventArrivesWithAllItsFields) {
  ManualClock clock;
  EventRing ring(4096, clock);
  ring.emit({.kind = mail::EventKind::delivery_done,
             .icid = 1,
             .mid = 2,
             .dcid = 3,
             .rid = 4,
             .number = -5,
             .local = *Endpoint::parse("192.0.2.1:25"),
             .remote = *Endpoint::parse("[2001:db8::1]:40000"),
             .text = {"one", "", "three"}});
  mail::Event event;
  WallTime at;
  ASSERT_TRUE(ring.front(event, at));
  EXPECT_EQ(at, clock.wall());
  EXPECT_EQ(event.kind, mail::EventKind::delivery_done);
  EXPECT_EQ(event.icid, 1u);
  EXPECT_EQ(event.mid, 2u);
  EXPECT_EQ(event.dcid, 3u);
  EXPECT_EQ(event.rid, 4u);
  EXPECT_EQ(event.number, -5);
  EXPECT_EQ(event.local.text(), "192.0.2.1:25");
  EXPECT_EQ(event.remote.text(), "[2001:db8::1]:40000");
  EXPECT_EQ(event.text[0], "one");
  EXPECT_EQ(event.text[1], "");
  EXPECT_EQ(event.text[2], "three");
  ring.pop();
  EXPECT_FALSE(ring.front(event, at));
}

TEST(EventRing, CutsAnOverlongText) {
  ManualClock clock;
  EventRing ring(1 << 14, clock);
  const std::string longer(5000, 'x');
  ring.emit({.kind = mail::EventKind::tx_subject, .text = {longer, "after"}});
  mail::Event event;
  WallTime at;
  ASSERT_TRUE(ring.front(event, at));
  EXPECT_EQ(event.text[0].size(), 1024u);
  EXPECT_EQ(event.text[1], "after");
}

TEST(EventRing, CountsWhatItCouldNotTake) {
  ManualClock clock;
  EventRing ring(1024, clock);
  for (int i = 0; i < 100; ++i) ring.emit({.kind = mail::EventKind::link_close});
  EXPECT_GT(ring.dropped(), 0u);
  mail::Event event;
  WallTime at;
  std::uint64_t kept = 0;
  for (; ring.front(event, at); ring.pop()) ++kept;
  EXPECT_EQ(kept + ring.dropped(), 100u);
}

}  // namespace sluice::control
