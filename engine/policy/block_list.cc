#include "engine/policy/block_list.h"

#include <array>
#include <charconv>

namespace sluice::policy {
namespace {

constexpr std::array<std::string_view, 3> kModeNames{"drop", "rst", "refuse"};
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

// The part before the next `separator`, which is taken off `text` with it.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<WallTime> parse_expiry(std::string_view text) {
  if (text == "-") return BlockList::kForEver;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool fine = error == std::errc{} && end == text.data() + text.size() && seconds >= 0 &&
                    seconds < INT64_MAX / kNsPerSecond;
  if (!fine) return {};
  return WallTime{seconds * kNsPerSecond};
}

}  // namespace

std::optional<BlockMode> parse_block_mode(std::string_view text) {
  for (std::size_t i = 0; i < kModeNames.size(); ++i)
    if (kModeNames[i] == text) return static_cast<BlockMode>(i);
  return {};
}

std::string_view block_mode_text(BlockMode mode) {
  return kModeNames[static_cast<std::size_t>(mode)];
}

BlockList::BlockList(std::uint32_t entries_max) : entries_max_(entries_max) {
  free_slots_.reserve(entries_max);
  for (std::uint32_t slot = entries_max; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

const BlockEntry* BlockList::put(const Prefix& prefix, BlockMode mode, WallTime expires) {
  auto at = entries_.find(prefix);
  if (at == entries_.end()) {
    if (free_slots_.empty()) return nullptr;
    at = entries_.emplace(prefix, BlockEntry{mode, free_slots_.back(), expires}).first;
    free_slots_.pop_back();
  } else {
    by_expiry_.erase({at->second.expires, prefix});
    at->second.mode = mode;
    at->second.expires = expires;
  }
  by_expiry_.emplace(expires, prefix);
  return &at->second;
}

std::optional<BlockEntry> BlockList::remove(const Prefix& prefix) {
  const auto at = entries_.find(prefix);
  if (at == entries_.end()) return {};
  const BlockEntry entry = at->second;
  by_expiry_.erase({entry.expires, prefix});
  free_slots_.push_back(entry.slot);
  entries_.erase(at);
  return entry;
}

const BlockEntry* BlockList::find(const Prefix& prefix) const {
  const auto at = entries_.find(prefix);
  return at == entries_.end() ? nullptr : &at->second;
}

std::optional<Prefix> BlockList::expired(WallTime now) const {
  if (by_expiry_.empty() || by_expiry_.begin()->first > now) return {};
  return by_expiry_.begin()->second;
}

std::string BlockList::text() const {
  std::string text;
  for (const auto& [prefix, entry] : entries_) {
    const std::string expires =
        entry.expires == kForEver ? "-" : std::to_string(entry.expires.unix_seconds());
    text += prefix.text() + ' ' + std::string(block_mode_text(entry.mode)) + ' ' + expires + '\n';
  }
  return text;
}

std::expected<void, std::string> BlockList::read(std::string_view text, WallTime now) {
  for (unsigned number = 1; !text.empty(); ++number) {
    std::string_view line = take(text, '\n');
    const auto prefix = Prefix::parse(take(line, ' '));
    const auto mode = parse_block_mode(take(line, ' '));
    const auto expires = parse_expiry(line);
    if (!prefix || !mode || !expires)
      return std::unexpected("line " + std::to_string(number) +
                             " is not \"PREFIX drop|rst|refuse SECONDS|-\"");
    if (*expires <= now) continue;
    if (put(prefix->network(), *mode, *expires) == nullptr)
      return std::unexpected("more than block.prefixes_max = " + std::to_string(entries_max_) +
                             " entries");
  }
  return {};
}

}  // namespace sluice::policy
