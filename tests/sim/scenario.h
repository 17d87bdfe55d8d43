// What one run of the simulator does, all of it drawn from one seed. Swarm-drawn: every class of
// faults is switched on or off first, then gets its rate, so that each class also meets the others'
// absence.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/clock.h"
#include "tests/support/test_wire.h"

namespace sluice::sim {

inline constexpr Duration kClockOff = hours(48);

struct Scenario {
  std::uint64_t seed = 0;
  std::size_t senders = 1;
  std::size_t messages = 1;  // of each sender
  Duration gap;              // between the messages of a sender, at most
  Duration safety = seconds(30);
  net::test::WireOptions wire;
  // The mean time between two faults of a kind; 0 = the class is off.
  Duration sender_reset{};  // a sender's connection is aborted
  Duration hop_reset{};     // a connection of the next hop is aborted
  Duration crash{};         // the engine and its machine stop, at once or at one of the next writes
  Duration disk_error{};    // a write or sync fails with EIO; the engine is restarted soon after
  Duration disk_full{};     // for a second no segment can be made
  Duration clock_set{};     // the wall clock is set, up to kClockOff from the true time
  double disk_late = 0;     // chance that a poll of the disk completes nothing
  double disk_reorder = 0;  // chance that it does something before its turn
  double disk_ruined = 0;   // chance that a sector being written cannot be read after a crash
  std::size_t disk_sector = 512;
  // What the next hop does, as chances per command or message.
  double hop_refuses = 0;      // 4yz
  double hop_stalls = 0;       // answers the dot late
  double hop_loses_reply = 0;  // takes the message, but its 250 never leaves
};

Scenario draw_scenario(std::uint64_t seed);
std::string describe(const Scenario& scenario);

}  // namespace sluice::sim
