// The rules over one header field. Most hold a literal that few values of the field have: one look
// for all of them, and PCRE2 for those whose literal is there. Only what has none is scanned as a
// set, or by PCRE2 alone where little is to be tried. Immutable, shared by all cores.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "scanners/spamassassin/pattern/literal_look.h"
#include "scanners/spamassassin/pattern/pattern_set.h"

namespace sluice::scan::sa {

// What the literals that were found say of one rule.
struct LookedFor {
  static constexpr std::size_t kStartsMax = 8;
  bool found = false;
  std::uint8_t step = 0;    // that is awaited
  std::uint8_t starts = 0;  // where a match may begin; more than kStartsMax: behind the first
  std::uint32_t next = 0;   // the step does not begin before
  struct Start {
    std::uint32_t from = 0, last = 0;
  };
  std::array<Start, kStartsMax> start{};

  void add(std::size_t from, std::size_t last) noexcept;  // `from` ascends
};

// Of one core; nothing is allocated after grow().
struct FieldTools {
  std::vector<LookedFor> states;       // by entry; as new between scans
  std::vector<std::uint32_t> touched;  // entries
};

class FieldRules {
 public:
  // Takes what the look can tell out of `patterns`. `typical`: what the field often is like.
  void take_looked_for(std::vector<Pattern>& patterns, std::string_view typical);
  void set_others(PatternSet set) { others_ = std::move(set); }
  const PatternSet& others() const noexcept { return others_; }
  std::size_t looked_for() const noexcept { return entries_.size(); }  // expressions
  void grow(FieldTools& tools) const;

  // As PatternSet::scan().
  template <typename Settled, typename Hit>
  void scan(ByteView text, PatternTools& patterns, hyperscan::MatchSet& matches, FieldTools& tools,
            Settled&& settled, Hit&& hit) const {
    if (others_.size() > 0) others_.scan(text, patterns, matches, settled, hit);
    for (const std::uint32_t index : everywhere_) {
      const Entry& entry = entries_[index];
      if (settled(entry.rule)) continue;
      if (const std::uint32_t count = confirm(entry, {}, text, patterns.pcre); count > 0)
        hit(entry.rule, count);
    }
    look_.scan(text, [&](std::uint32_t row, std::size_t at) { note(row, at, tools); });
    for (const std::uint32_t index : tools.touched) {
      const Entry& entry = entries_[index];
      const LookedFor state = std::exchange(tools.states[index], {});
      if (state.step < entry.steps || settled(entry.rule)) continue;
      const std::uint32_t count = confirm(entry, state, text, patterns.pcre);
      if (count > 0) hit(entry.rule, count);
    }
    tools.touched.clear();
  }

 private:
  struct Entry {
    std::uint32_t rule = 0;
    bool counts = false;
    std::uint32_t hits_max = 0;
    std::size_t steps = 0;
    bool placed = false;           // the first step says where a match begins …
    std::size_t before_least = 0;  // … so far before it
    std::size_t before_most = 0;
    std::optional<char> lead_end;  // a match is not at the front, and none of these is before it
    pcre::Expression expression;
  };
  struct Target {  // of a row
    std::uint32_t entry = 0;
    std::uint32_t step = 0;
    std::uint32_t width = 0;  // at least, of the step's rows
  };
  class Builder;

  void note(std::uint32_t row, std::size_t at, FieldTools& tools) const noexcept;
  static std::uint32_t confirm(const Entry& entry, const LookedFor& state, ByteView text,
                               pcre::Tools& tools) noexcept;

  LiteralLook look_;
  std::vector<Target> targets_;               // of one row behind the other
  std::vector<std::uint32_t> targets_begin_;  // of each row, and the end
  std::vector<Entry> entries_;
  std::vector<std::uint32_t>
      everywhere_;  // entries without a literal that PCRE2 tries in all texts
  PatternSet others_;
};

}  // namespace sluice::scan::sa
