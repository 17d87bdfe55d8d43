// Thousands of damaged packets of every kind: no crash, no packet lost, no state beyond its time,
// and the stack still serves.
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "tests/support/ip_storm.h"

namespace sluice::net::test {
namespace {

void storm(std::uint64_t seed) {
  IpScript script([seed](StackOptions& options) {
    options.seed = seed;
    options.router_advertisements = seed % 2 == 0;
    options.detect_conflicts = seed % 3 == 0;
  });
  script.pass(seconds(10));
  DatagramSocket* socket = *datagrams_of(*script.stack).open({.local = {{}, 5'353}});
  Random random(seed);
  IpStorm frames([&](std::size_t bound) { return static_cast<std::size_t>(random.below(bound)); });
  for (int i = 0; i < 1'000; ++i) {
    script.inject(frames.frame());
    if (i % 10 == 0) script.pass(milliseconds(50));
    script.sent.clear();
    while (socket->front()) socket->pop();
  }
  datagrams_of(*script.stack).close(*socket);
  script.pass(seconds(130));  // reassembly, neighbours that do not answer
  EXPECT_TRUE(script.wire.port(0).all_home()) << seed;
}

}  // namespace

TEST(IpStorm, DamagedPacketsLeaveNothingBehind) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) storm(seed);
}

}  // namespace sluice::net::test
