// The sources that are refused: prefixes with a mode and a time at which they expire by themselves.
// The list of the control thread; the workers look sources up in a PrefixTable made from it, whose
// value says the mode and the slot in which they count.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::policy {

enum class BlockMode : std::uint8_t {
  drop,    // the SYN is not answered
  reset,   // the SYN is answered with RST
  refuse,  // the connection is taken, greeted with 554 and closed
};
std::optional<BlockMode> parse_block_mode(std::string_view text);  // "drop", "rst", "refuse"
std::string_view block_mode_text(BlockMode mode);

// What a PrefixTable holds for an entry.
struct BlockValue {
  std::uint32_t slot = 0;
  BlockMode mode = BlockMode::drop;

  std::uint32_t packed() const noexcept { return slot << 2 | static_cast<std::uint32_t>(mode); }
  static BlockValue unpack(std::uint32_t packed) noexcept {
    return {packed >> 2, static_cast<BlockMode>(packed & 3)};
  }
};

inline constexpr std::uint32_t kBlockEntriesMax = 1'000'000;

struct BlockEntry {
  BlockMode mode = BlockMode::drop;
  std::uint32_t slot = 0;  // its counter, below entries_max; reused after it is gone
  WallTime expires{};

  BlockValue value() const noexcept { return {slot, mode}; }
};

class BlockList {
 public:
  static constexpr WallTime kForEver{INT64_MAX};

  explicit BlockList(std::uint32_t entries_max);

  // nullptr when the list is full. An entry that is there gets the new mode and time. `prefix` has
  // no host bits.
  const BlockEntry* put(const Prefix& prefix, BlockMode mode, WallTime expires);
  std::optional<BlockEntry> remove(const Prefix& prefix);
  const BlockEntry* find(const Prefix& prefix) const;
  // A prefix whose time is over, until there are no more.
  std::optional<Prefix> expired(WallTime now) const;

  const std::map<Prefix, BlockEntry>& entries() const noexcept { return entries_; }
  std::uint32_t entries_max() const noexcept { return entries_max_; }

  // One line per entry, "192.0.2.0/24 rst 1800000000": prefix, mode, expiry in seconds since 1970
  // or "-".
  std::string text() const;
  // Takes over what text() gave, leaving out what has expired. The error names the line.
  std::expected<void, std::string> read(std::string_view text, WallTime now);

 private:
  std::uint32_t entries_max_;
  std::map<Prefix, BlockEntry> entries_;
  std::set<std::pair<WallTime, Prefix>> by_expiry_;
  std::vector<std::uint32_t> free_slots_;
};

}  // namespace sluice::policy
