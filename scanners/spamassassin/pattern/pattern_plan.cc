#include "scanners/spamassassin/pattern/pattern_plan.h"

#include <algorithm>

#include "scanners/spamassassin/pattern/factor_choice.h"
#include "scanners/spamassassin/pattern/ordinary_mail.h"

namespace sluice::scan::sa {
namespace {

// All measured on the stock rules. Expressions of more positions take Hyperscan hundreds of
// milliseconds each, or more than it can hold.
constexpr std::size_t kPositionsMax = 1'500;
constexpr std::size_t kTextMax = 16'000;  // the library's own limit
// Expressions that hold a literal this rare, so long, and so near their beginning cost a scan
// little; others are on all the time, unless they are tiny.
constexpr double kLiteralBits = 12;
constexpr std::size_t kLiteralOctets = 3;
constexpr std::size_t kLiteralReach = 64;
constexpr double kShortLiteralBits = 8;
constexpr std::size_t kShortPositions = 64;
constexpr std::size_t kTinyPositions = 12;
// PCRE2 alone is quicker with what has no more octets and is at the beginning of a text.
constexpr std::size_t kBeginningOctets = 128;
// Commoner factors than this are no help.
constexpr double kFactorBits = 8;
constexpr double kFactorBitsLeast = 1;  // better than nothing
// PCRE2 takes up to 80 ns for an octet of a text with expressions as large as this.
constexpr std::size_t kGuardedPositions = 2'000;
// Text in another script may be full of what looks like Latin letters. A guard of so many positions
// takes Hyperscan 50 ms; where there are gaps between the letters it has to be longer, and takes
// 300.
constexpr std::size_t kFront = 350;
constexpr std::size_t kFrontMost = 700;
// It tries one place of a text after the other, which is worth while where few are left.
constexpr std::size_t kOpenedPositions = 200;
constexpr double kOpenPlaces = 0.1;
constexpr double kOpenLines = 0.5;

// What a text costs by the octet, more than by itself, where many expressions look at it.
bool is_long(Kind kind) { return kind == Kind::body || kind == Kind::rawbody; }

bool suits_hyperscan(const RegexNode& tree, Kind kind) {
  const std::size_t positions = unfolded_size(tree);
  if (positions > kPositionsMax) return false;
  const auto literal = find_factor(tree, {kind, true});
  const std::size_t octets =
      literal ? std::ranges::min(literal->rows, {}, &FactorRow::size).size() : 0;
  if (positions <= kTinyPositions) return octets > 1 || !is_long(kind);
  return octets >= kLiteralOctets && literal->reach <= kLiteralReach &&
         (literal->bits >= kLiteralBits ||
          (literal->bits >= kShortLiteralBits && positions <= kShortPositions));
}

Form hyperscan_form(const PerlRegex& regex) {
  if (regex.pattern.size() > kTextMax) return Form::none;
  for (const Form form : {Form::exact, Form::prefilter})
    if (hyperscan::is_supported(hyperscan_expression(regex, form))) return form;
  return Form::none;
}

// What such a text may be full of: letters in shapes of all scripts, and more so with gaps between
// them that any script fills.
std::size_t front_positions(const Factor& factor) {
  const auto is_letter = [](const FactorItem& item) { return item.symbols > 0; };
  const auto is_gap = [](const FactorItem& item) {
    return item.times == FactorItem::Times::any && (item.octets >> 128).count() == 128;
  };
  std::size_t positions = 0;
  for (const FactorRow& row : factor.rows)
    if (std::ranges::any_of(row, is_letter))
      positions = std::max(positions, std::ranges::any_of(row, is_gap) ? kFrontMost : kFront);
  return positions;
}

// What is tried at the beginning of a line alone is no trouble.
void add_guard(const RegexNode& tree, const PerlRegex& regex, PatternPlan& plan) {
  if (regex.pattern.starts_with('^')) return;
  if (unfolded_size(tree) >= kGuardedPositions) {
    plan.guard = loose_regex(tree);
    if (const RegexNode* const copy = repeated_copy(tree)) plan.guard_copy = *copy;
  } else if (const std::size_t positions = front_positions(*plan.factor); positions > 0) {
    plan.guard =
        front_regex(tree, positions).or_else([&] { return front_regex(tree, kFrontMost); });
  }
}

// Assertions are not in the tree, and a dot does not stand for line ends.
bool may_assert(std::string_view pattern) {
  if (pattern.find_first_of("^$.") != std::string_view::npos) return true;
  for (const std::string_view group : {"(?=", "(?!", "(?<"})
    if (pattern.find(group) != std::string_view::npos) return true;
  for (std::size_t at = 0; (at = pattern.find('\\', at)) != std::string_view::npos; at += 2)
    if (at + 1 == pattern.size() || pattern[at + 1] != 'x') return true;
  return false;
}

Openers::Begins begins_of(const RegexNode& tree, const PerlRegex& regex) {
  const bool anchored = tree.kind == RegexNode::Kind::sequence && regex.pattern.starts_with('^') &&
                        regex.pattern.find_first_of("*+?{") != 1;
  if (!anchored) return Openers::Begins::anywhere;
  return regex.multiline ? Openers::Begins::line : Openers::Begins::text;
}

// "^[^\r\n]{998}": Hyperscan counts at every octet, PCRE2 once a line.
bool is_large_line(const RegexNode& tree, const PerlRegex& regex) {
  return tree.kind != RegexNode::Kind::choice && regex.multiline &&
         regex.pattern.starts_with('^') && unfolded_size(tree) >= kOpenedPositions;
}

bool at_beginning(const RegexNode& tree, const PerlRegex& regex) {
  return begins_of(tree, regex) == Openers::Begins::text && max_width(tree) <= kBeginningOctets;
}

// In ordinary mail, of the places where matches may begin anyway.
double share_of(const Openers& openers, Openers::Begins begins, Kind kind) {
  double places = 0;
  double open = 0;
  for (const std::string_view text : ordinary_texts(kind)) {
    const bool anywhere = begins == Openers::Begins::anywhere;
    places += anywhere ? static_cast<double>(text.size())
                       : 1 + static_cast<double>(std::ranges::count(text, '\n'));
    const ByteView octets = as_bytes(text);
    for (std::size_t at = 0; (at = openers.next(octets, at, text.size())) <= text.size(); ++at)
      ++open;
  }
  return open / places;
}

void add_openers(const RegexNode& tree, const PerlRegex& regex, Kind kind, PatternPlan& plan) {
  if (unfolded_size(tree) < kOpenedPositions) return;
  const Openers::Begins begins = begins_of(tree, regex);
  auto openers = Openers::of(tree, begins);
  const double most = begins == Openers::Begins::anywhere ? kOpenPlaces : kOpenLines;
  if (openers && share_of(*openers, begins, kind) <= most) plan.openers = std::move(openers);
}

PatternPlan factor_plan(const std::optional<RegexNode>& tree, const PerlRegex& regex, Kind kind,
                        double bits_least) {
  if (!tree) return {};
  auto factor = choose_factor(*tree, kind);
  if (!factor || factor->bits < bits_least) return {};
  PatternPlan plan{.form = Form::factor, .factor = std::move(factor)};
  add_guard(*tree, regex, plan);
  add_openers(*tree, regex, kind, plan);
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

PatternPlan plan_pattern(const PerlRegex& regex, Kind kind, bool counts) {
  const auto tree = parse_regex(regex);
  if (tree && counts && !may_assert(regex.pattern))
    if (auto octets = OctetCounter::of(*tree)) return {.form = Form::octets, .octets = octets};
  if (tree && !suits_hyperscan(*tree, kind)) {
    if (is_long(kind) && at_beginning(*tree, regex)) return {};
    if (kind == Kind::full && is_large_line(*tree, regex)) return {};
    if (PatternPlan plan = factor_plan(tree, regex, kind, kFactorBits); plan.factor) return plan;
  }
  if (!tree || unfolded_size(*tree) <= kPositionsMax)
    if (const Form form = hyperscan_form(regex); form != Form::none) return {.form = form};
  return factor_plan(tree, regex, kind, kFactorBitsLeast);
}

}  // namespace sluice::scan::sa
