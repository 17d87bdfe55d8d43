#include "scanners/spamassassin/pattern/pattern_set.h"

#include <algorithm>

namespace sluice::scan::sa {
namespace {

// Of a text, where an expression is tried by itself; what is behind them is not looked at.
constexpr std::size_t kOpeningsMax = 1'024;

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
  ++tools.texts;
  for (const Chunk& chunk : chunks_) {
    Listener listener{chunk, tools.hits, matches};
    hyperscan::scan_block(chunk.database, text, tools.scratch, told, &listener);
  }
  factors_.scan(text, tools.hits);
  for (const std::uint32_t slow : slow_) matches.add(slow);
}

void PatternSet::grow(PatternTools& tools) const {
  for (const Chunk& chunk : chunks_) tools.scratch.grow_for(chunk.database);
  for (const Guard& guard : guards_) tools.scratch.grow_for(guard.database);
  tools.guarded.resize(std::max(tools.guarded.size(), guards_.size()));
  tools.hits.grow(entries_.size());
}

std::size_t PatternSet::count(Form form) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(entries_, form, &Entry::form));
}

std::size_t PatternSet::opened() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      entries_, [](const Entry& entry) { return entry.openers.has_value(); }));
}

// Behind a place where a limit was met none is tried.
bool PatternSet::find(const Entry& entry, ByteView text, pcre::Expression::Range begins,
                      PatternTools& tools, std::size_t& tries,
                      pcre::Expression::Match& match) noexcept {
  if (!entry.openers) return entry.expression->find(text, begins, tools.pcre, match);
  const std::size_t last = std::min(begins.last, text.size());
  const std::uint64_t given_up = tools.pcre.given_up();
  for (std::size_t at = begins.from; tries > 0; --tries, ++at) {
    at = entry.openers->next(text, at, last);
    if (at > last) return false;
    if (entry.opening->find_here(text, at, tools.pcre, match)) return true;
    if (tools.pcre.given_up() != given_up) tries = 1;
  }
  return false;
}

std::uint32_t PatternSet::confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept {
  if (!entry.expression) return 1;
  const std::uint32_t most = entry.counts ? entry.hits_max : 1;
  std::uint32_t found = 0;
  std::size_t tries = kOpeningsMax;
  pcre::Expression::Match match;
  for (std::size_t from = 0; find(entry, text, {from}, tools, tries, match);) {
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

// Where a match whose factor ends at `end` may begin at the earliest; not before `from`.
std::size_t PatternSet::first_begin(const Entry& entry, ByteView text, std::size_t from,
                                    std::size_t end) noexcept {
  if (end > entry.factor_reach) from = std::max(from, end - entry.factor_reach);
  std::size_t first = std::min(end, text.size());  // the text's end is told one octet behind it
  while (first > from && entry.factor_lead[text[first - 1]]) --first;
  return first;
}

// Matches begin at `from` or behind it. What several ask is worked out once, for the whole text.
bool PatternSet::passes_guard(const Entry& entry, ByteView text, std::size_t from,
                              PatternTools& tools) const noexcept {
  if (!entry.guard) return true;
  const Guard& guard = guards_[*entry.guard];
  if (!guard.shared)
    return hyperscan::count_matches(guard.database, text.subspan(from), tools.scratch,
                                    entry.guard_times, guard.apart) == entry.guard_times;
  PatternTools::Guarded& known = tools.guarded[*entry.guard];
  if (known.text != tools.texts)
    known = {tools.texts, hyperscan::count_matches(guard.database, text, tools.scratch, guard.times,
                                                   guard.apart)};
  return known.found >= entry.guard_times;
}

// Places for a beginning that lie together are searched together.
std::uint32_t PatternSet::confirm_near(const Entry& entry, std::span<const std::uint32_t> ends,
                                       ByteView text, PatternTools& tools) const noexcept {
  std::size_t from = ends.empty() ? 0 : first_begin(entry, text, 0, ends.front());
  if (!passes_guard(entry, text, from, tools)) return 0;
  if (ends.empty() || entry.expression->wide()) return confirm(entry, text, tools);
  const std::uint32_t most = entry.counts ? entry.hits_max : 1;
  const std::uint64_t given_up = tools.pcre.given_up();
  std::size_t tries = kOpeningsMax;
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < ends.size() && tools.pcre.given_up() == given_up;) {
    from = std::max(from, first_begin(entry, text, from, ends[i]));
    std::size_t last = ends[i];
    for (++i; i < ends.size() && first_begin(entry, text, last, ends[i]) <= last; ++i)
      last = ends[i];
    pcre::Expression::Match match;
    while (from <= last && find(entry, text, {from, last}, tools, tries, match)) {
      if (++found == most) return found;
      from = match.end == match.begin ? match.end + 1 : match.end;
    }
  }
  return found;
}

}  // namespace sluice::scan::sa
