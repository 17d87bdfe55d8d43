#include "scanners/spamassassin/pattern/alike.h"

#include <algorithm>
#include <span>

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;
using Children = std::vector<RegexNode>;

RegexNode optional(const RegexNode& node) {
  RegexNode repeat{.kind = Kind::repeat, .octets = {}, .children = {node}, .least = 0, .most = 1};
  return repeat;
}

void add_alternatives(const RegexNode& node, Children& all) {
  const auto add = [&](const RegexNode& one) {
    if (std::ranges::find(all, one) == all.end()) all.push_back(one);
  };
  if (node.kind == Kind::choice)
    std::ranges::for_each(node.children, add);
  else
    add(node);
}

// What one of them has before the next child that both have need not be there.
Children merge_sequences(std::span<const RegexNode> a, std::span<const RegexNode> b) {
  Children merged;
  const auto take_optional = [&](std::span<const RegexNode>& from, std::size_t count) {
    for (const RegexNode& node : from.first(count)) merged.push_back(optional(node));
    from = from.subspan(count);
  };
  const auto place = [](const RegexNode& node, std::span<const RegexNode> in) {
    return static_cast<std::size_t>(std::ranges::find(in, node) - in.begin());
  };
  while (!a.empty() && !b.empty()) {
    const std::size_t in_a = place(b.front(), a), in_b = place(a.front(), b);
    if (in_a < a.size() && (in_b == b.size() || in_a < in_b))
      take_optional(a, in_a);
    else if (in_b < b.size())
      take_optional(b, in_b);
    merged.push_back(merge_alike(a.front(), b.front()));
    a = a.subspan(1);
    b = b.subspan(1);
  }
  take_optional(a, a.size());
  take_optional(b, b.size());
  return merged;
}

}  // namespace

RegexNode merge_alike(const RegexNode& a, const RegexNode& b) {
  if (a == b) return a;
  RegexNode merged = a;
  if (a.kind == Kind::sequence && b.kind == Kind::sequence) {
    merged.children = merge_sequences(a.children, b.children);
  } else if (a.kind == Kind::repeat && b.kind == Kind::repeat) {
    merged.least = std::min(a.least, b.least);
    merged.most = std::max(a.most, b.most);
    merged.children = {merge_alike(a.children.front(), b.children.front())};
  } else if (a.kind == Kind::octet && b.kind == Kind::octet) {
    merged.octets |= b.octets;
  } else {
    merged = {.kind = Kind::choice, .octets = {}, .children = {}};
    add_alternatives(a, merged.children);
    add_alternatives(b, merged.children);
  }
  return merged;
}

}  // namespace sluice::scan::sa
