// The expressions of many rules over texts of one kind, for instance all body rules. One pass of
// Hyperscan over a text tells which rules may match; where its answer is not exact, or matches are
// counted, PCRE2 has the last word. Immutable, shared by all cores.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scanners/hyperscan/stream.h"
#include "scanners/pcre/expression.h"
#include "scanners/spamassassin/perl_regex.h"

namespace sluice::scan::sa {

struct Pattern {
  std::uint32_t rule = 0;  // told when it matches
  PerlRegex regex;
  bool counts = false;         // every match counts …
  std::uint32_t hits_max = 0;  // … up to here in a text; 0: all
};

struct PatternFault {
  std::uint32_t rule = 0;
  std::string reason;
  bool too_large = false;  // sound, but beyond what PCRE2 can hold
};

// What a core needs to scan.
struct PatternTools {
  hyperscan::Scratch scratch;
  pcre::Tools pcre;
};

class PatternSet {
 public:
  // Leaves out what is no regular expression and tells it in `faults`.
  static PatternSet compile(std::vector<Pattern> patterns, std::vector<PatternFault>& faults);

  std::size_t size() const noexcept { return entries_.size(); }
  std::size_t exact() const noexcept;  // patterns that PCRE2 never looks at
  std::size_t slow() const noexcept;   // patterns that PCRE2 looks for in every text
  void grow(PatternTools& tools) const;

  hyperscan::MatchSet match_set() const { return hyperscan::MatchSet(entries_.size()); }
  // Calls hit(rule, count) for each rule that matches in `text`; `matches` is empty before and
  // after.
  template <typename Hit>
  void scan(ByteView text, PatternTools& tools, hyperscan::MatchSet& matches, Hit&& hit) const {
    if (database_) hyperscan::scan_block(*database_, text, tools.scratch, matches);
    for (const std::uint32_t slow : slow_) matches.add(slow);
    matches.take([&](std::uint32_t index) {
      if (const std::uint32_t count = confirm(entries_[index], text, tools); count > 0)
        hit(entries_[index].rule, count);
    });
  }

 private:
  // How Hyperscan looks for a pattern, from what tells most to what tells least.
  enum class Form : std::uint8_t { exact, prefilter, relaxed, none };
  struct Entry {
    std::uint32_t rule = 0;
    Form form = Form::exact;
    bool counts = false;
    std::uint32_t hits_max = 0;
    std::optional<pcre::Expression> expression;  // of what is not exact, or counts
  };

  static std::uint32_t confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept;
  void build(const std::vector<Pattern>& patterns);
  static hyperscan::Expression expression_of(const PerlRegex& regex, Form form, std::uint32_t id);

  std::optional<hyperscan::Database> database_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slow_;  // entries that Hyperscan does not look for
};

}  // namespace sluice::scan::sa
