// The expressions of many rules over texts of one kind, for instance all body rules. A pass over a
// text tells which rules may match; where its answer is not exact, or matches are counted, PCRE2
// has the last word. Immutable, shared by all cores; made by PatternCompiler.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scanners/hyperscan/scan.h"
#include "scanners/pcre/expression.h"
#include "scanners/spamassassin/pattern/factor_scan.h"
#include "scanners/spamassassin/pattern/openers.h"
#include "scanners/spamassassin/pattern/pattern_plan.h"

namespace sluice::scan::sa {

struct Pattern {
  std::uint32_t rule = 0;  // told when it matches
  PerlRegex regex;
  bool counts = false;         // every match counts …
  std::uint32_t hits_max = 0;  // … up to here in a text; 0: all
};

// What a core needs to scan.
struct PatternTools {
  struct Guarded {  // what a guard found in a text
    std::uint64_t text = 0;
    std::uint32_t found = 0;
  };
  hyperscan::Scratch scratch;
  FactorHits hits;
  pcre::Tools pcre;
  std::uint64_t texts = 0;       // that were scanned
  std::vector<Guarded> guarded;  // by guard, of those that several expressions ask
};

class PatternSet {
 public:
  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t count(Form form) const noexcept;
  std::size_t opened() const noexcept;  // are tried where they may begin alone
  std::size_t guards() const noexcept { return guards_.size(); }
  std::size_t databases() const noexcept { return chunks_.size(); }
  void grow(PatternTools& tools) const;

  hyperscan::MatchSet match_set() const { return hyperscan::MatchSet(entries_.size()); }
  // Calls hit(rule, count) for each rule that matches in `text`, unless settled(rule) says that it
  // would add nothing; `matches` is empty before and after.
  template <typename Settled, typename Hit>
  void scan(ByteView text, PatternTools& tools, hyperscan::MatchSet& matches, Settled&& settled,
            Hit&& hit) const {
    look(text, tools, matches);
    const auto tell = [&](std::uint32_t index, auto&& count_matches) {
      const Entry& entry = entries_[index];
      if (settled(entry.rule)) return;
      if (const std::uint32_t count = count_matches(entry); count > 0) hit(entry.rule, count);
    };
    matches.take([&](std::uint32_t index) {
      tell(index, [&](const Entry& entry) { return confirm(entry, text, tools); });
    });
    for (const auto& [index, counter] : octets_)
      tell(index, [&](const Entry& entry) { return counter.count(text, entry.hits_max); });
    tools.hits.take([&](std::uint32_t index, std::uint32_t count, auto ends) {
      tell(index, [&](const Entry& entry) {
        return has_all(entry, count, ends) ? confirm_near(entry, ends, text, tools) : 0;
      });
    });
  }

 private:
  friend class PatternCompiler;
  struct Entry {
    std::uint32_t rule = 0;
    Form form = Form::exact;
    bool counts = false;
    std::uint32_t hits_max = 0;
    std::optional<pcre::Expression> expression;  // of what is not exact, or counts
    std::optional<Openers> openers;              // where its matches may begin …
    std::optional<pcre::Expression> opening;     // … and the same, to be tried there
    std::optional<std::uint32_t> guard;          // without so many matches of it …
    std::uint32_t guard_times = 1;               // … the expression has none
    std::uint32_t factor_times = 1;              // a match holds its factor as often …
    std::uint32_t factor_apart = 1;              // … with their ends so far from each other
    std::size_t factor_reach = 0;                // and begins this near before its end …
    OctetSet factor_lead;                        // … with nothing but these between them
  };
  struct Chunk {
    hyperscan::Database database;
    std::vector<std::uint32_t> entries;               // by the database's ids
    std::vector<std::vector<std::uint32_t>> factors;  // behind them: rows, with whose they are
  };

  struct Guard {
    hyperscan::Database database;
    std::uint32_t times = 1;  // no more are asked for …
    std::size_t apart = 1;    // … with their ends so far from each other
    bool shared = false;      // by several entries
  };

  void look(ByteView text, PatternTools& tools, hyperscan::MatchSet& matches) const noexcept;
  // `tries`: that are left for places where it may begin.
  static bool find(const Entry& entry, ByteView text, pcre::Expression::Range begins,
                   PatternTools& tools, std::size_t& tries,
                   pcre::Expression::Match& match) noexcept;
  static std::uint32_t confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept;
  static bool has_all(const Entry& entry, std::uint32_t count,
                      std::span<const std::uint32_t> ends) noexcept;
  static std::size_t first_begin(const Entry& entry, ByteView text, std::size_t from,
                                 std::size_t end) noexcept;
  bool passes_guard(const Entry& entry, ByteView text, std::size_t from,
                    PatternTools& tools) const noexcept;
  std::uint32_t confirm_near(const Entry& entry, std::span<const std::uint32_t> ends, ByteView text,
                             PatternTools& tools) const noexcept;

  std::vector<Entry> entries_;
  std::vector<Chunk> chunks_;
  std::vector<Guard> guards_;
  FactorScan factors_;
  std::vector<std::uint32_t> slow_;                             // entries that only PCRE2 looks for
  std::vector<std::pair<std::uint32_t, OctetCounter>> octets_;  // by entries
};

}  // namespace sluice::scan::sa
