#include "tests/sim/scenario.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

Duration draw_mean(Random& random, std::int64_t at_least, std::uint64_t span) {
  if (random.chance(0.5)) return {};
  return milliseconds(at_least + static_cast<std::int64_t>(random.below(span)));
}

double draw_rate(Random& random, double most) {
  return random.chance(0.5) ? most * static_cast<double>(1 + random.below(100)) / 100 : 0;
}

net::test::WireOptions draw_wire(Random& random) {
  net::test::WireOptions wire;
  wire.delay = microseconds(static_cast<std::int64_t>(50 + random.below(20'000)));
  wire.loss = draw_rate(random, 0.05);
  wire.duplicate = draw_rate(random, 0.05);
  wire.corrupt = draw_rate(random, 0.01);
  wire.reorder = draw_rate(random, 0.2);
  wire.jitter = milliseconds(20);
  wire.transmit_hold = milliseconds(static_cast<std::int64_t>(random.below(100)));
  return wire;
}

}  // namespace

Scenario draw_scenario(std::uint64_t seed) {
  Random random(seed);
  Scenario drawn{.seed = seed};
  drawn.senders = 1 + random.below(6);
  drawn.messages = 1 + random.below(12);
  drawn.gap = milliseconds(static_cast<std::int64_t>(1 + random.below(4'000)));
  drawn.wire = draw_wire(random);
  drawn.sender_reset = draw_mean(random, 500, 8'000);
  drawn.hop_reset = draw_mean(random, 500, 8'000);
  drawn.crash = draw_mean(random, 500, 15'000);
  drawn.disk_error = draw_mean(random, 2'000, 20'000);
  drawn.disk_full = draw_mean(random, 2'000, 10'000);
  drawn.disk_late = draw_rate(random, 0.95);
  drawn.hop_refuses = draw_rate(random, 0.3);
  drawn.hop_stalls = draw_rate(random, 0.3);
  drawn.hop_loses_reply = draw_rate(random, 0.2);
  drawn.clock_set = draw_mean(random, 500, 15'000);
  drawn.disk_reorder = draw_rate(random, 0.5);
  drawn.disk_ruined = draw_rate(random, 0.2);
  drawn.disk_sector = random.chance(0.5) ? 512 : 4096;
  return drawn;
}

std::string describe(const Scenario& s) {
  return fmt::format(
      "{} senders x {} messages, gap {} ms; wire: delay {} us, loss {:.3f}, duplicate {:.3f}, "
      "corrupt {:.4f}, reorder {:.3f}, hold {} ms; mean ms between: sender resets {}, hop resets "
      "{}, crashes {}, disk errors {}, disk full {}, clock set {}; disk late {:.2f}, reorder "
      "{:.2f}, "
      "ruined {:.2f} of {}; hop refuses {:.2f}, stalls {:.2f}, loses replies {:.2f}",
      s.senders, s.messages, s.gap.ms(), s.wire.delay.us(), s.wire.loss, s.wire.duplicate,
      s.wire.corrupt, s.wire.reorder, s.wire.transmit_hold.ms(), s.sender_reset.ms(),
      s.hop_reset.ms(), s.crash.ms(), s.disk_error.ms(), s.disk_full.ms(), s.clock_set.ms(),
      s.disk_late, s.disk_reorder, s.disk_ruined, s.disk_sector, s.hop_refuses, s.hop_stalls,
      s.hop_loses_reply);
}

}  // namespace sluice::sim
