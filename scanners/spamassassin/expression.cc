#include "scanners/spamassassin/expression.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace sluice::scan::sa {

// Precedence climbing; each binary operator leaves its operands before it.
class ExpressionParser {
 public:
  using Op = Expression::Op;

  ExpressionParser(std::string_view text, const Expression::Resolve& resolve, Expression& out)
      : rest_(text), resolve_(resolve), out_(out) {}

  bool parse() {
    if (!binary(0)) return false;
    skip_space();
    return rest_.empty() || fail(fmt::format("{:?} is not expected here", rest_.substr(0, 20)));
  }
  std::string error() && { return std::move(error_); }

 private:
  struct Operator {
    std::string_view text;
    int level;
    Op op;
  };
  // Longer texts before their prefixes.
  static constexpr std::array<Operator, 13> kOperators{{
      {"||", 0, Op::logical_or},
      {"&&", 1, Op::logical_and},
      {"^", 2, Op::exclusive_or},
      {"==", 3, Op::equal},
      {"!=", 3, Op::not_equal},
      {"<=", 4, Op::less_equal},
      {">=", 4, Op::greater_equal},
      {"<", 4, Op::less},
      {">", 4, Op::greater},
      {"+", 5, Op::add},
      {"-", 5, Op::subtract},
      {"*", 6, Op::multiply},
      {"/", 6, Op::divide},
  }};

  bool fail(std::string what) {
    error_ = std::move(what);
    return false;
  }

  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  bool accept(std::string_view text) {
    skip_space();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  const Operator* next_operator() {
    skip_space();
    for (const Operator& candidate : kOperators)
      if (rest_.starts_with(candidate.text)) return &candidate;
    return nullptr;
  }

  void emit(Op op) { out_.program_.push_back({op, 0, 0, 0}); }

  // Behind the left side of the operator; which step to tell where the right side ends.
  std::optional<std::size_t> emit_skip(Op of) {
    if (of != Op::logical_and && of != Op::logical_or) return {};
    emit(of == Op::logical_and ? Op::skip_zero : Op::skip_other);
    return out_.program_.size() - 1;
  }

  bool binary(int level) {
    if (!unary()) return false;
    for (const Operator* found = next_operator(); found != nullptr && found->level >= level;
         found = next_operator()) {
      rest_.remove_prefix(found->text.size());
      if (++depth_ > kExpressionDepthMax) return fail("nested too deeply");
      const auto skip = emit_skip(found->op);
      if (!binary(found->level + 1)) return false;
      --depth_;
      emit(found->op);
      if (skip) out_.program_[*skip].index = static_cast<std::uint32_t>(out_.program_.size() - 1);
    }
    return true;
  }

  bool unary() {
    if (++depth_ > kExpressionDepthMax) return fail("nested too deeply");
    skip_space();
    bool done = false;
    if (rest_.starts_with('!') && !rest_.starts_with("!=")) {
      rest_.remove_prefix(1);
      done = unary();
      if (done) emit(Op::logical_not);
    } else if (accept("-")) {
      done = unary();
      if (done) emit(Op::negate);
    } else if (accept("+")) {
      done = unary();
    } else {
      done = primary();
    }
    --depth_;
    return done;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == ':';
  }

  bool primary() {
    if (accept("(")) {
      if (accept(")")) {  // "meta NAME ()" declares a rule that others set
        out_.program_.push_back({Op::constant, 0, 0, 0});
        return true;
      }
      if (!binary(0)) return false;
      return accept(")") || fail("a parenthesis is not closed");
    }
    skip_space();
    if (rest_.empty()) return fail("something is missing at its end");
    if (is_digit(rest_.front()) || rest_.front() == '.') return number();
    if (is_word(rest_.front())) return name();
    return fail(fmt::format("{:?} is not expected here", rest_.substr(0, 20)));
  }

  bool number() {
    double value = 0;
    const auto [end, fault] =
        std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, std::chars_format::fixed);
    if (fault != std::errc{}) return fail(fmt::format("{:?} is no number", rest_.substr(0, 20)));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    out_.program_.push_back({Op::constant, 0, 0, value});
    return true;
  }

  bool name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_word(rest_[size])) ++size;
    const std::string_view name = rest_.substr(0, size);
    rest_.remove_prefix(size);
    std::string_view argument;
    if (accept("(")) {
      const std::size_t end = rest_.find(')');
      if (end == std::string_view::npos) return fail("a parenthesis is not closed");
      argument = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      while (argument.starts_with(' ')) argument.remove_prefix(1);
      while (argument.ends_with(' ')) argument.remove_suffix(1);
    }
    const auto operand = resolve_(name, argument);
    if (!operand) return fail(operand.error());
    out_.program_.push_back(
        {operand->constant ? Op::constant : Op::variable, operand->index, 0, operand->value});
    return true;
  }

  std::string_view rest_;
  const Expression::Resolve& resolve_;
  Expression& out_;
  std::size_t depth_ = 0;
  std::string error_;
};

std::expected<Expression, std::string> Expression::parse(std::string_view text,
                                                         const Resolve& resolve) {
  Expression expression;
  ExpressionParser parser(text, resolve, expression);
  if (!parser.parse()) return std::unexpected(std::move(parser).error());
  expression.find_runs();
  return expression;
}

double Expression::apply(Op op, double left, double right) noexcept {
  switch (op) {
    case Op::multiply: return left * right;
    case Op::divide: return right == 0 ? 0 : left / right;
    case Op::add: return left + right;
    case Op::subtract: return left - right;
    case Op::less: return left < right;
    case Op::less_equal: return left <= right;
    case Op::greater: return left > right;
    case Op::greater_equal: return left >= right;
    case Op::equal: return left == right;
    case Op::not_equal: return left != right;
    case Op::exclusive_or:
      return static_cast<double>(static_cast<std::int64_t>(left) ^
                                 static_cast<std::int64_t>(right));
    case Op::logical_and: return left != 0 ? right : left;
    case Op::logical_or: return left != 0 ? left : right;
    default: return 0;
  }
}

double Expression::run(const Step& step, std::span<const float> variables) const noexcept {
  const std::span<const Term> terms = std::span(terms_).subspan(step.index, step.count);
  double value = 0;
  if (step.op == Op::sum_of) {
    for (const Term& term : terms) value += static_cast<double>(variables[term.variable]);
    return value;
  }
  const bool ends_at = step.op == Op::any_of;
  for (const Term& term : terms) {
    value = static_cast<double>(variables[term.variable]);
    if (term.negated) value = value == 0 ? 1 : 0;
    if ((value != 0) == ends_at) break;
  }
  return value;
}

double Expression::evaluate(std::span<const float> variables) const noexcept {
  // Every level of the parser leaves at most one value below those above it.
  std::array<double, 2 * kExpressionDepthMax + 2> stack;
  std::size_t size = 0;
  for (std::size_t at = 0; at < quick_.size(); ++at) {
    const Step& step = quick_[at];
    switch (step.op) {
      case Op::constant: stack[size++] = step.value; break;
      case Op::variable: stack[size++] = static_cast<double>(variables[step.index]); break;
      case Op::sum_of:
      case Op::all_of:
      case Op::any_of: stack[size++] = run(step, variables); break;
      case Op::negate: stack[size - 1] = -stack[size - 1]; break;
      case Op::logical_not: stack[size - 1] = stack[size - 1] == 0; break;
      case Op::skip_zero:
      case Op::skip_other:
        if ((stack[size - 1] == 0) == (step.op == Op::skip_zero)) at = step.index;
        break;
      default: --size; stack[size - 1] = apply(step.op, stack[size - 1], stack[size]);
    }
  }
  return size == 0 ? 0 : stack[0];
}

namespace {

using Needed = std::optional<Expression::Weighed>;

Needed both(Needed left, const Needed& right) {
  if (!left || !right) return {};
  left->variables.insert(left->variables.end(), right->variables.begin(), right->variables.end());
  left->weight += right->weight;
  return left;
}

Needed lighter(Needed left, Needed right) {
  if (!left) return right;
  return right && right->weight < left->weight ? std::move(right) : std::move(left);
}

}  // namespace

// Run like the program itself, with sets for values.
std::optional<Expression::Weighed> Expression::needed(const Weight& weight) const {
  struct Value {
    Needed needed;
    std::optional<double> constant;
  };
  std::vector<Value> stack;
  for (const Step& step : program_) {
    if (step.op == Op::skip_zero || step.op == Op::skip_other) continue;
    if (step.op == Op::constant) {
      stack.push_back({step.value == 0 ? Needed(Weighed()) : Needed(), step.value});
      continue;
    }
    if (step.op == Op::variable) {
      const auto of = weight(step.index);
      stack.push_back({of ? Needed({{step.index}, *of}) : Needed(), {}});
      continue;
    }
    Value right = std::move(stack.back());
    stack.pop_back();
    if (step.op == Op::negate || step.op == Op::logical_not) {
      stack.push_back({step.op == Op::negate ? std::move(right.needed) : Needed(), {}});
      continue;
    }
    Value left = std::move(stack.back());
    stack.pop_back();
    const double bound = right.constant.value_or(-1);
    Needed result;
    switch (step.op) {
      case Op::logical_and:
      case Op::multiply: result = lighter(std::move(left.needed), std::move(right.needed)); break;
      case Op::logical_or:
      case Op::add:
      case Op::subtract: result = both(std::move(left.needed), right.needed); break;
      case Op::divide: result = std::move(left.needed); break;
      case Op::greater:  // than a constant
        if (bound >= 0) result = std::move(left.needed);
        break;
      case Op::greater_equal:
      case Op::equal:
        if (bound > 0) result = std::move(left.needed);
        break;
      default: break;
    }
    stack.push_back({std::move(result), {}});
  }
  return stack.empty() ? Weighed() : std::move(stack.back().needed);
}

std::vector<std::uint32_t> Expression::variables() const {
  std::vector<std::uint32_t> found;
  for (const Step& step : program_)
    if (step.op == Op::variable) found.push_back(step.index);
  return found;
}

}  // namespace sluice::scan::sa
