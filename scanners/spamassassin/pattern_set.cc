#include "scanners/spamassassin/pattern_set.h"

#include <algorithm>

namespace sluice::scan::sa {

void PatternSet::look(ByteView text, PatternTools& tools,
                      hyperscan::MatchSet& matches) const noexcept {
  for (const Chunk& chunk : chunks_)
    hyperscan::scan_block(chunk.database, text, tools.scratch, chunk.entries, matches);
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

std::uint32_t PatternSet::confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept {
  if (!entry.expression) return 1;
  if (entry.counts) return entry.expression->count(text, entry.hits_max, tools.pcre);
  pcre::Expression::Match match;
  return entry.expression->find(text, 0, tools.pcre, match) ? 1 : 0;
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
    while (from <= last && entry.expression->find(text, {from, last}, tools.pcre, match)) {
      if (++found == most) return found;
      from = match.end == match.begin ? match.end + 1 : match.end;
    }
  }
  return found;
}

}  // namespace sluice::scan::sa
