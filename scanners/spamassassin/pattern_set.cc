#include "scanners/spamassassin/pattern_set.h"

#include <algorithm>

namespace sluice::scan::sa {

void PatternSet::look(ByteView text, PatternTools& tools,
                      hyperscan::MatchSet& matches) const noexcept {
  for (const Chunk& chunk : chunks_)
    hyperscan::scan_block(chunk.database, text, tools.scratch, chunk.entries, matches);
  FactorAutomaton::scan(automata_, text, matches);
  for (const std::uint32_t slow : slow_) matches.add(slow);
}

void PatternSet::grow(PatternTools& tools) const {
  for (const Chunk& chunk : chunks_) tools.scratch.grow_for(chunk.database);
}

std::size_t PatternSet::count(Form form) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(entries_, form, &Entry::form));
}

std::uint32_t PatternSet::confirm(std::uint32_t index, ByteView text,
                                  PatternTools& tools) const noexcept {
  const Entry& entry = entries_[index];
  if (!entry.expression) return 1;
  if (const std::uint32_t times = entry.factor_times;
      times > 1 && automata_[entry.automaton].count(text, index, times) < times)
    return 0;
  if (entry.counts) return entry.expression->count(text, entry.hits_max, tools.pcre);
  pcre::Expression::Match match;
  return entry.expression->find(text, 0, tools.pcre, match) ? 1 : 0;
}

}  // namespace sluice::scan::sa
