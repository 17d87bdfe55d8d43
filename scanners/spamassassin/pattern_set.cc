#include "scanners/spamassassin/pattern_set.h"

#include "scanners/spamassassin/relax.h"

namespace sluice::scan::sa {
namespace {

// Larger ones take Hyperscan seconds each; measured on the stock rules, where nothing lies between
// 8,200 and 11,600.
constexpr std::size_t kUnfoldedMax = 9'000;
constexpr std::size_t kHyperscanTextMax = 16'000;  // the library's own limit

}  // namespace

hyperscan::Expression PatternSet::expression_of(const PerlRegex& regex, Form form,
                                                std::uint32_t id) {
  hyperscan::Expression expression;
  expression.text = form == Form::relaxed ? relax_repeats(regex.pattern) : regex.pattern;
  expression.id = id;
  expression.caseless = regex.caseless;
  expression.dotall = regex.dotall;
  expression.multiline = regex.multiline;
  expression.prefilter = form != Form::exact;
  expression.empty = true;
  return expression;
}

PatternSet PatternSet::compile(std::vector<Pattern> patterns, std::vector<PatternFault>& faults) {
  PatternSet set;
  std::vector<Pattern> sound;
  for (Pattern& pattern : patterns) {
    auto expression = pcre::Expression::compile(
        pattern.regex.pattern,
        {pattern.regex.caseless, pattern.regex.dotall, pattern.regex.multiline});
    if (!expression) {
      faults.push_back({pattern.rule, expression.error().text, expression.error().too_large});
      continue;
    }
    set.entries_.push_back(
        {pattern.rule, Form::exact, pattern.counts, pattern.hits_max, std::move(*expression)});
    sound.push_back(std::move(pattern));
  }
  set.build(sound);
  for (std::uint32_t i = 0; i < set.entries_.size(); ++i) {
    Entry& entry = set.entries_[i];
    if (entry.form == Form::exact && !entry.counts) entry.expression.reset();
    if (entry.form == Form::none) set.slow_.push_back(i);
  }
  return set;
}

// Hyperscan names one expression at a time that it cannot take: that one is asked for less.
void PatternSet::build(const std::vector<Pattern>& patterns) {
  const auto lower = [](Form form) { return static_cast<Form>(static_cast<int>(form) + 1); };
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    Form& form = entries_[i].form;
    const std::string& text = patterns[i].regex.pattern;
    if (unfolded_size(text) > kUnfoldedMax) form = Form::relaxed;
    if (text.size() > kHyperscanTextMax) form = Form::none;
    while (form != Form::none &&
           !hyperscan::is_supported(expression_of(patterns[i].regex, form, 0)))
      form = lower(form);
  }
  for (;;) {
    std::vector<hyperscan::Expression> expressions;
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (entries_[i].form == Form::none) continue;
      chosen.push_back(i);
      expressions.push_back(
          expression_of(patterns[i].regex, entries_[i].form, static_cast<std::uint32_t>(i)));
    }
    if (expressions.empty()) return;
    auto database = hyperscan::Database::compile(expressions, hyperscan::Mode::block);
    if (database) {
      database_ = std::move(*database);
      return;
    }
    for (const hyperscan::CompileFault& fault : database.error()) {
      if (fault.expression == hyperscan::kWholeSet) {
        for (Entry& entry : entries_) entry.form = Form::none;
        return;
      }
      Form& form = entries_[chosen[fault.expression]].form;
      form = lower(form);
    }
  }
}

void PatternSet::grow(PatternTools& tools) const {
  if (database_) tools.scratch.grow_for(*database_);
}

std::size_t PatternSet::exact() const noexcept {
  std::size_t count = 0;
  for (const Entry& entry : entries_) count += !entry.expression.has_value();
  return count;
}

std::size_t PatternSet::slow() const noexcept { return slow_.size(); }

std::uint32_t PatternSet::confirm(const Entry& entry, ByteView text, PatternTools& tools) noexcept {
  if (!entry.expression) return 1;
  if (entry.counts) return entry.expression->count(text, entry.hits_max, tools.pcre);
  pcre::Expression::Match match;
  return entry.expression->find(text, 0, tools.pcre, match) ? 1 : 0;
}

}  // namespace sluice::scan::sa
