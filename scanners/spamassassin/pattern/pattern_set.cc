#include "scanners/spamassassin/pattern/pattern_set.h"

#include <algorithm>

namespace sluice::scan::sa {
namespace {

// Of a text, where an expression is tried by itself.
constexpr std::size_t kOpeningsMax = 256;

}  // namespace

void PatternSet::look(ByteView text, PatternTools& tools,
                      hyperscan::MatchSet& matches) const noexcept {
  struct Listener {
    const Chunk& chunk;
    FactorHits& hits;
    hyperscan::MatchSet& matches;
  };
  const auto told = [](void* listener, std::uint32_t id, std::uint64_t end) noexcept {
    auto& [chunk, hits, matches] = *static_cast<Listener*>(listener);
    if (id < chunk.entries.size()) {
      matches.add(chunk.entries[id]);
      return;
    }
    for (const std::uint32_t entry : chunk.factors[id - chunk.entries.size()])
      hits.add(entry, static_cast<std::uint32_t>(end));
  };
  for (const Chunk& chunk : chunks_) {
    Listener listener{chunk, tools.hits, matches};
    hyperscan::scan_block(chunk.database, text, tools.scratch, told, &listener);
  }
  factors_.scan(text, tools.hits);
  for (const std::uint32_t slow : slow_) matches.add(slow);
}

void PatternSet::grow(PatternTools& tools) const {
  for (const Chunk& chunk : chunks_) tools.scratch.grow_for(chunk.database);
  for (const Entry& entry : entries_)
    if (entry.guard) tools.scratch.grow_for(*entry.guard);
  tools.hits.grow(entries_.size());
}

std::size_t PatternSet::count(Form form) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(entries_, form, &Entry::form));
}

std::size_t PatternSet::opened() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const Entry& entry) { return entry.openers.has_value(); }));
}

// What cannot be decided soon where it may begin is left to a search with a limit for all of it.
bool PatternSet::find(const Entry& entry, ByteView text, pcre::Expression::Range begins,
                      PatternTools& tools, pcre::Expression::Match& match) noexcept {
  using Found = pcre::Expression::Found;
  if (!entry.openers) return entry.expression->find(text, begins, tools.pcre, match);
  const std::size_t last = std::min(begins.last, text.size());
  std::size_t at = begins.from;
  for (std::size_t tried = 0; tried < kOpeningsMax; ++tried, ++at) {
    at = entry.openers->next(text, at, last);
    if (at > last) return false;
    const Found found = entry.opening->find_here(text, at, tools.pcre, match);
    if (found == Found::yes) return true;
    if (found == Found::gave_up) break;
  }
  return entry.expression->find(text, {at, begins.last}, tools.pcre, match);
}

std::uint32_t PatternSet::confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept {
  if (!entry.expression) return 1;
  const std::uint32_t most = entry.counts ? entry.hits_max : 1;
  std::uint32_t found = 0;
  pcre::Expression::Match match;
  for (std::size_t from = 0; find(entry, text, {from}, tools, match);) {
    if (++found == most) break;
    from = match.end == match.begin ? match.end + 1 : match.end;  // or the loop would not end
  }
  return found;
}

bool PatternSet::has_all(const Entry& entry, std::uint32_t count,
                         std::span<const std::uint32_t> ends) noexcept {
  if (count < entry.factor_times || ends.empty()) return count >= entry.factor_times;
  std::uint32_t found = 0;
  std::uint32_t next = 0;
  for (const std::uint32_t end : ends) {
    if (end < next) continue;
    next = end + entry.factor_apart;
    if (++found == entry.factor_times) return true;
  }
  return false;
}

// Where matches may begin: within reach of the factors' ends, which are taken together where they
// overlap.
std::uint32_t PatternSet::confirm_near(const Entry& entry, std::span<const std::uint32_t> ends,
                                       ByteView text, PatternTools& tools) noexcept {
  const std::size_t reach = entry.factor_reach;
  const bool near = !ends.empty() && reach < text.size();
  if (entry.guard) {
    const std::size_t first = near ? ends.front() - std::min<std::size_t>(ends.front(), reach) : 0;
    if (!hyperscan::matches(*entry.guard, text.subspan(first), tools.scratch, entry.guard_times,
                            entry.guard_apart))
      return 0;
  }
  if (!near) return confirm(entry, text, tools);
  const std::uint32_t most = entry.counts ? entry.hits_max : 1;
  std::uint32_t found = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < ends.size();) {
    from = std::max(from, ends[i] - std::min<std::size_t>(ends[i], reach));
    std::size_t last = ends[i];
    for (++i; i < ends.size() && ends[i] <= last + reach + 1; ++i) last = ends[i];
    pcre::Expression::Match match;
    while (from <= last && find(entry, text, {from, last}, tools, match)) {
      if (++found == most) return found;
      from = match.end == match.begin ? match.end + 1 : match.end;
    }
  }
  return found;
}

}  // namespace sluice::scan::sa
