// Most of what meta rules are made of: sums, and rows of "A && !B && !C", of a hundred rules. They
// become one step each, over a run of variables.
#include <utility>

#include "scanners/spamassassin/expression.h"

namespace sluice::scan::sa {

class ExpressionRuns {
 public:
  explicit ExpressionRuns(Expression& expression) : expression_(expression) { read(); }

  void write() {
    if (!nodes_.empty()) write(root_);
  }

 private:
  using Op = Expression::Op;
  using Steps = std::vector<Expression::Step>;
  static constexpr std::size_t kNone = SIZE_MAX;
  struct Node {
    Expression::Step step;
    std::size_t left = kNone, right = kNone;
  };
  using Nodes = std::vector<std::size_t>;

  // The program as a tree.
  void read() {
    Nodes stack;
    const auto pop = [&] {
      const std::size_t last = stack.back();
      stack.pop_back();
      return last;
    };
    for (const Expression::Step& step : expression_.program_) {
      if (step.op == Op::skip_zero || step.op == Op::skip_other) continue;
      Node node{step};
      const bool leaf = step.op == Op::constant || step.op == Op::variable;
      const bool unary = step.op == Op::negate || step.op == Op::logical_not;
      if (!leaf && !unary) node.right = pop();
      if (!leaf) node.left = pop();
      stack.push_back(nodes_.size());
      nodes_.push_back(node);
    }
    if (!stack.empty()) root_ = stack.back();
  }

  Op op(std::size_t node) const { return nodes_[node].step.op; }
  bool is_variable(std::size_t node) const { return op(node) == Op::variable; }
  bool is_term(std::size_t node) const {
    return is_variable(node) || (op(node) == Op::logical_not && is_variable(nodes_[node].left));
  }

  // The operands of "a + b + c", in their order.
  void operands(std::size_t node, Op of, Nodes& found) const {
    if (op(node) != of) {
      found.push_back(node);
      return;
    }
    operands(nodes_[node].left, of, found);
    operands(nodes_[node].right, of, found);
  }

  Steps& steps() { return expression_.quick_; }
  void add(Op op) { steps().push_back({op, 0, 0, 0}); }

  void write(std::size_t node) {
    const Node& it = nodes_[node];
    switch (it.step.op) {
      case Op::add: return write_sum(node);
      case Op::logical_and: return write_row(node, Op::skip_zero, Op::all_of);
      case Op::logical_or: return write_row(node, Op::skip_other, Op::any_of);
      default: break;
    }
    if (it.left != kNone) write(it.left);
    if (it.right != kNone) write(it.right);
    steps().push_back(it.step);
  }

  void write_run(Op op, const Nodes& terms) {
    auto& all = expression_.terms_;
    steps().push_back(
        {op, static_cast<std::uint32_t>(all.size()), static_cast<std::uint32_t>(terms.size()), 0});
    for (const std::size_t term : terms) {
      const bool variable = is_variable(term);
      const std::size_t of = variable ? term : nodes_[term].left;
      all.push_back({nodes_[of].step.index, !variable});
    }
  }

  void write_sum(std::size_t node) {
    Nodes parts, variables;
    operands(node, Op::add, parts);
    bool first = true;
    for (const std::size_t part : parts) {
      if (is_variable(part)) {
        variables.push_back(part);
        continue;
      }
      write(part);
      if (!std::exchange(first, false)) add(Op::add);
    }
    if (variables.empty()) return;
    write_run(Op::sum_of, variables);
    if (!first) add(Op::add);
  }

  // What decides it leads behind all of it.
  void write_row(std::size_t node, Op skip, Op run) {
    Nodes parts, skips;
    operands(node, op(node), parts);
    for (std::size_t i = 0; i < parts.size();) {
      if (i > 0) {
        skips.push_back(steps().size());
        add(skip);
      }
      Nodes terms;
      while (i < parts.size() && is_term(parts[i])) terms.push_back(parts[i++]);
      if (terms.size() > 1) {
        write_run(run, terms);
      } else {
        write(terms.empty() ? parts[i++] : terms.front());
      }
      if (!skips.empty()) add(op(node));
    }
    for (const std::size_t at : skips)
      steps()[at].index = static_cast<std::uint32_t>(steps().size() - 1);
  }

  Expression& expression_;
  std::vector<Node> nodes_;
  std::size_t root_ = 0;
};

// Longer ones are left as they are: the tree of one is gone through by recursion.
void Expression::find_runs() {
  constexpr std::size_t kStepsMax = 2'000;
  if (program_.size() > kStepsMax)
    quick_ = program_;
  else
    ExpressionRuns(*this).write();
}

}  // namespace sluice::scan::sa
