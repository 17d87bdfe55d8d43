// The arithmetic of `meta` rules and of `if` lines: numbers, names, ! * / + - < <= > >= == != ^ &&
// || with the precedence that Perl gives them. As in Perl, "a && b" is b when a is true, so that
// counts go through. Compiled once to a program for a stack machine; evaluation allocates nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::scan::sa {

class Expression {
 public:
  struct Operand {
    bool constant = true;
    double value = 0;         // of a constant
    std::uint32_t index = 0;  // of a variable
  };
  // What a name stands for; `argument` is what stands in parentheses behind it, if anything does.
  using Resolve = std::function<std::expected<Operand, std::string>(std::string_view name,
                                                                    std::string_view argument)>;

  // The error says what is wrong in words.
  static std::expected<Expression, std::string> parse(std::string_view text,
                                                      const Resolve& resolve);

  double evaluate(std::span<const float> variables) const noexcept;
  // The indexes of the variables, in the order of the text, repeats included.
  std::vector<std::uint32_t> variables() const;
  // Variables without which there is no value: it is 0 while all of them are. Of several such sets
  // the lightest; a variable without a weight is 0 too seldom to be in one.
  struct Weighed {
    std::vector<std::uint32_t> variables;
    double weight = 0;
  };
  using Weight = std::function<std::optional<double>(std::uint32_t variable)>;
  std::optional<Weighed> needed(const Weight& weight) const;
  std::size_t size() const noexcept { return program_.size(); }

 private:
  friend class ExpressionParser;
  friend class ExpressionRuns;
  enum class Op : std::uint8_t {
    constant,
    variable,
    negate,
    logical_not,
    multiply,
    divide,
    add,
    subtract,
    less,
    less_equal,
    greater,
    greater_equal,
    equal,
    not_equal,
    exclusive_or,
    logical_and,
    logical_or,
    skip_zero,   // where the left value is 0: to behind the logical_and at `index`
    skip_other,  // where it is not: to behind the logical_or there
    sum_of,      // `count` of terms_ from `index`; what "a && b && c" and "a || b || c" are
    all_of,
    any_of,
  };
  struct Step {
    Op op = Op::constant;
    std::uint32_t index = 0;
    std::uint32_t count = 0;
    double value = 0;
  };
  struct Term {
    std::uint32_t variable : 31 = 0;
    std::uint32_t negated : 1 = 0;
  };
  static double apply(Op op, double left, double right) noexcept;
  void find_runs();
  double run(const Step& step, std::span<const float> variables) const noexcept;

  std::vector<Step> program_;  // as written
  std::vector<Step> quick_;    // the same, with runs of terms in one step
  std::vector<Term> terms_;
};

inline constexpr std::size_t kExpressionDepthMax = 64;  // parentheses and the stack of a program

}  // namespace sluice::scan::sa
