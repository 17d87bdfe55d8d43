// The expressions of many rules over texts of one kind, for instance all body rules. A pass over a
// text tells which rules may match; where its answer is not exact, or matches are counted, PCRE2
// has the last word. Immutable, shared by all cores; made by PatternCompiler.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scanners/hyperscan/scan.h"
#include "scanners/pcre/expression.h"
#include "scanners/spamassassin/factor_automaton.h"
#include "scanners/spamassassin/pattern_plan.h"

namespace sluice::scan::sa {

struct Pattern {
  std::uint32_t rule = 0;  // told when it matches
  PerlRegex regex;
  bool counts = false;         // every match counts …
  std::uint32_t hits_max = 0;  // … up to here in a text; 0: all
};

// What a core needs to scan.
struct PatternTools {
  hyperscan::Scratch scratch;
  pcre::Tools pcre;
};

class PatternSet {
 public:
  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t count(Form form) const noexcept;
  std::size_t databases() const noexcept { return chunks_.size(); }
  std::size_t automata() const noexcept { return automata_.size(); }
  void grow(PatternTools& tools) const;

  hyperscan::MatchSet match_set() const { return hyperscan::MatchSet(entries_.size()); }
  // Calls hit(rule, count) for each rule that matches in `text`; `matches` is empty before and
  // after.
  template <typename Hit>
  void scan(ByteView text, PatternTools& tools, hyperscan::MatchSet& matches, Hit&& hit) const {
    look(text, tools, matches);
    matches.take([&](std::uint32_t index) {
      if (const std::uint32_t count = confirm(index, text, tools); count > 0)
        hit(entries_[index].rule, count);
    });
  }
  // Its first half alone, for measurements: what Hyperscan and the automata find.
  void look(ByteView text, PatternTools& tools, hyperscan::MatchSet& matches) const noexcept;

 private:
  friend class PatternCompiler;
  struct Entry {
    std::uint32_t rule = 0;
    Form form = Form::exact;
    bool counts = false;
    std::uint32_t hits_max = 0;
    std::optional<pcre::Expression> expression;  // of what is not exact, or counts
    std::uint32_t factor_times = 1;              // a match holds its factor as often …
    std::uint32_t automaton = 0;                 // … which this one finds
  };
  struct Chunk {
    hyperscan::Database database;
    std::vector<std::uint32_t> entries;  // by the database's ids
  };

  std::uint32_t confirm(std::uint32_t index, ByteView text, PatternTools& tools) const noexcept;

  std::vector<Entry> entries_;
  std::vector<Chunk> chunks_;
  std::vector<FactorAutomaton> automata_;
  std::vector<std::uint32_t> slow_;  // entries that only PCRE2 looks for
};

}  // namespace sluice::scan::sa
