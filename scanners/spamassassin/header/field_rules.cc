#include "scanners/spamassassin/header/field_rules.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <string>

namespace sluice::scan::sa {
namespace {

// "^[^x]+rest", as most rules over X-Spam-Relays-* begin: what `rest` matches at any place but the
// first, with no "x" before it.
struct Lead {
  char end = 0;  // "x"
  PerlRegex rest;
};

std::optional<Lead> lead_of(const Pattern& pattern, const RegexNode& tree) {
  const PerlRegex& regex = pattern.regex;
  constexpr std::string_view kBegin = "^[^\\", kEnd = "]+";
  const std::string_view text = regex.pattern;
  const bool fits = text.starts_with(kBegin) && text.substr(kBegin.size() + 1).starts_with(kEnd);
  if (!fits || pattern.counts || regex.multiline || tree.kind != RegexNode::Kind::sequence)
    return {};
  Lead lead{text[kBegin.size()], regex};
  lead.rest.pattern = text.substr(kBegin.size() + 1 + kEnd.size());
  constexpr std::string_view kQuantifiers = "+?*{";
  const bool more = kQuantifiers.find(lead.rest.pattern.substr(0, 1)) != kQuantifiers.npos;
  // "\n" is no "n", and "\G" is where the search begins.
  if (std::isalnum(static_cast<unsigned char>(lead.end)) != 0 || more ||
      lead.rest.pattern.find("\\G") != std::string::npos)
    return {};
  return lead;
}

}  // namespace

// Gathers the rows of all rules, equal ones once.
class FieldRules::Builder {
 public:
  Builder(FieldRules& rules, std::string_view typical) : rules_(rules), typical_(typical) {}

  bool add(const Pattern& pattern) {
    const auto tree = parse_regex(pattern.regex);
    if (!tree) return false;
    const std::optional<Lead> lead = lead_of(pattern, *tree);
    const PerlRegex& regex = lead ? lead->rest : pattern.regex;
    const std::vector<LiteralStep> steps =
        lead ? find_steps(*parse_regex(regex), typical_, 0) : find_steps(*tree, typical_);
    const bool everywhere = steps.empty();
    if (everywhere && !begins_lines(pattern)) return false;
    auto expression =
        pcre::Expression::compile(pattern.counts ? regex.pattern : with_lazy_dots(regex),
                                  {regex.caseless, regex.dotall, regex.multiline});
    // One that is wide is searched for to the end of the text.
    if (!expression || (lead && expression->wide())) return false;
    expression->compile_jit();
    const auto entry = static_cast<std::uint32_t>(rules_.entries_.size());
    for (std::uint32_t step = 0; step < steps.size(); ++step)
      add_rows(steps[step], {entry, step, static_cast<std::uint32_t>(steps[step].least_width())});
    if (everywhere) rules_.everywhere_.push_back(entry);
    const LiteralStep first = everywhere ? LiteralStep{.before_most = kUnboundedWidth} : steps[0];
    rules_.entries_.push_back({.rule = pattern.rule,
                               .counts = pattern.counts,
                               .hits_max = pattern.hits_max,
                               .steps = steps.size(),
                               .placed = first.before_most <= kNearOctets,
                               .before_least = first.before_least,
                               .before_most = first.before_most,
                               .lead_end = lead ? std::optional(lead->end) : std::nullopt,
                               .expression = std::move(*expression)});
    return true;
  }

  void finish() {
    for (const std::vector<Target>& targets : targets_) {
      rules_.targets_begin_.push_back(static_cast<std::uint32_t>(rules_.targets_.size()));
      rules_.targets_.insert(rules_.targets_.end(), targets.begin(), targets.end());
    }
    rules_.targets_begin_.push_back(static_cast<std::uint32_t>(rules_.targets_.size()));
    rules_.look_ = LiteralLook(rows_);
  }

 private:
  // In a long text it is tried at the beginnings of lines alone, and no pass with Hyperscan would
  // spare PCRE2 much of that.
  bool begins_lines(const Pattern& pattern) const {
    const PerlRegex& regex = pattern.regex;
    if (typical_.size() < kLongText || !regex.multiline || !regex.pattern.starts_with('^'))
      return false;
    const Form form = plan_pattern(regex, Kind::header, pattern.counts).form;
    return form == Form::factor || form == Form::none;
  }

  void add_rows(const LiteralStep& step, const Target& target) {
    for (const LiteralRow& row : step.rows) {
      std::string key;
      for (const OctetSet& octets : row) key += octets.to_string();
      const auto [place, fresh] = known_.emplace(std::move(key), rows_.size());
      if (fresh) {
        rows_.push_back(row);
        targets_.emplace_back();
      }
      std::vector<Target>& targets = targets_[place->second];
      if (targets.empty() || targets.back().entry != target.entry ||
          targets.back().step != target.step)
        targets.push_back(target);
    }
  }

  FieldRules& rules_;
  std::string_view typical_;
  std::map<std::string, std::size_t> known_;
  std::vector<LiteralRow> rows_;
  std::vector<std::vector<Target>> targets_;  // of each
};

void FieldRules::take_looked_for(std::vector<Pattern>& patterns, std::string_view typical) {
  Builder builder(*this, typical);
  std::erase_if(patterns, [&](const Pattern& pattern) { return builder.add(pattern); });
  builder.finish();
}

void FieldRules::grow(FieldTools& tools) const {
  tools.states.resize(std::max(tools.states.size(), entries_.size()));
  tools.touched.reserve(tools.states.size());
}

void LookedFor::add(std::size_t from, std::size_t last) noexcept {
  if (starts > 0 && starts <= kStartsMax && from <= start[starts - 1U].last) {
    start[starts - 1U].last = static_cast<std::uint32_t>(last);
    return;
  }
  if (starts < kStartsMax)
    start[starts] = {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(last)};
  if (starts <= kStartsMax) ++starts;
}

void FieldRules::note(std::uint32_t row, std::size_t at, FieldTools& tools) const noexcept {
  for (std::uint32_t i = targets_begin_[row]; i < targets_begin_[row + 1]; ++i) {
    const Target& target = targets_[i];
    const Entry& entry = entries_[target.entry];
    LookedFor& state = tools.states[target.entry];
    if (target.step == 0 && entry.placed) {
      if (at < entry.before_least) continue;
      state.add(at - std::min(at, entry.before_most), at - entry.before_least);
    }
    if (target.step != state.step || at < state.next) continue;
    if (!std::exchange(state.found, true)) tools.touched.push_back(target.entry);
    ++state.step;
    state.next = static_cast<std::uint32_t>(at) + target.width;
  }
}

std::uint32_t FieldRules::confirm(const Entry& entry, const LookedFor& state, ByteView text,
                                  pcre::Tools& tools) noexcept {
  if (entry.counts) return entry.expression.count(text, entry.hits_max, tools);
  pcre::Expression::Match match;
  const auto find = [&](std::size_t from, std::size_t last) {
    return entry.expression.find(text, {from, last}, tools, match);
  };
  std::size_t first = 0, last = SIZE_MAX;
  if (entry.lead_end) {
    first = 1;
    last = as_text(text).find(*entry.lead_end);
  }
  if (!entry.placed) return last >= first && find(first, last) ? 1 : 0;
  // Each place by itself has its own limit of steps: more than a few are one search.
  const bool many = state.starts > LookedFor::kStartsMax;
  for (std::size_t i = 0; i < (many ? 1U : state.starts); ++i) {
    const std::size_t from = std::max<std::size_t>(state.start[i].from, first);
    const std::size_t to = many ? last : std::min<std::size_t>(state.start[i].last, last);
    if (from <= to && find(from, to)) return 1;
  }
  return 0;
}

}  // namespace sluice::scan::sa
