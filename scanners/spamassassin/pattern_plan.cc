#include "scanners/spamassassin/pattern_plan.h"

#include "scanners/spamassassin/loose_regex.h"

namespace sluice::scan::sa {
namespace {

// All measured on the stock rules. Expressions of more positions take Hyperscan hundreds of
// milliseconds each, or more than it can hold.
constexpr std::size_t kPositionsMax = 1'500;
constexpr std::size_t kTextMax = 16'000;  // the library's own limit
// Expressions that hold a literal this rare cost a scan little; others are on all the time, unless
// they are tiny.
constexpr double kLiteralBits = 12;
constexpr double kShortLiteralBits = 8;
constexpr std::size_t kShortPositions = 64;
constexpr std::size_t kTinyPositions = 12;
// Commoner factors than this are no help.
constexpr double kFactorBits = 8;
constexpr double kFactorBitsLeast = 1;  // better than nothing
// PCRE2 takes up to 80 ns for an octet of a text with expressions as large as this.
constexpr std::size_t kGuardedPositions = 2'000;

bool suits_hyperscan(const RegexNode& tree) {
  const std::size_t positions = unfolded_size(tree);
  if (positions <= kTinyPositions) return true;
  if (positions > kPositionsMax) return false;
  const auto literal = find_factor(tree, true);
  return literal && (literal->bits >= kLiteralBits ||
                     (literal->bits >= kShortLiteralBits && positions <= kShortPositions));
}

Form hyperscan_form(const PerlRegex& regex) {
  if (regex.pattern.size() > kTextMax) return Form::none;
  for (const Form form : {Form::exact, Form::prefilter})
    if (hyperscan::is_supported(hyperscan_expression(regex, form))) return form;
  return Form::none;
}

// What is tried at the beginning of a line alone is no trouble.
void add_guard(const RegexNode& tree, const PerlRegex& regex, PatternPlan& plan) {
  if (unfolded_size(tree) < kGuardedPositions || regex.pattern.starts_with('^')) return;
  auto loose = loose_regex(tree);
  if (!loose) return;
  plan.guard_times = loose->times;
  plan.guard_apart = loose->apart;
  plan.guard.emplace().text = std::move(loose->text);
  plan.guard->every = plan.guard_times > 1;
}

PatternPlan factor_plan(const std::optional<RegexNode>& tree, const PerlRegex& regex,
                        double bits_least) {
  if (!tree) return {};
  auto factor = find_factor(*tree, false);
  if (!factor || factor->bits < bits_least) return {};
  PatternPlan plan{Form::factor, std::move(factor), {}};
  add_guard(*tree, regex, plan);
  return plan;
}

}  // namespace

hyperscan::Expression hyperscan_expression(const PerlRegex& regex, Form form) {
  hyperscan::Expression expression;
  expression.text = regex.pattern;
  expression.caseless = regex.caseless;
  expression.dotall = regex.dotall;
  expression.multiline = regex.multiline;
  expression.prefilter = form == Form::prefilter;
  expression.empty = true;
  return expression;
}

PatternPlan plan_pattern(const PerlRegex& regex) {
  const auto tree = parse_regex(regex);
  if (tree && !suits_hyperscan(*tree))
    if (PatternPlan plan = factor_plan(tree, regex, kFactorBits); plan.factor) return plan;
  if (!tree || unfolded_size(*tree) <= kPositionsMax)
    if (const Form form = hyperscan_form(regex); form != Form::none) return {form, {}, {}};
  return factor_plan(tree, regex, kFactorBitsLeast);
}

}  // namespace sluice::scan::sa
