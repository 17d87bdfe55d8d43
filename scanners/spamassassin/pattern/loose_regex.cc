#include "scanners/spamassassin/pattern/loose_regex.h"

#include <algorithm>

#include <fmt/format.h>

#include "scanners/spamassassin/pattern/class_text.h"

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;

// Bounded repeats cost a position for each time; beyond this they lose their bound.
constexpr std::uint32_t kTimesMax = 4;

constexpr std::size_t kShapeOctetsMax = 12;
constexpr std::size_t kEdgeOctets = 5;  // of a copy of what is repeated
constexpr std::uint32_t kSeamsMax = 100;
constexpr std::size_t kWordOctets = 3;  // are a word: those behind it are not looked at

const OctetSet kHigh = ~OctetSet() << 128;

OctetSet alphabet(const RegexNode& node) {
  OctetSet all = node.octets;
  for (const RegexNode& child : node.children) all |= alphabet(child);
  return all;
}

bool begins_high(const RegexNode& node) {
  return node.kind == Kind::sequence && !node.children.empty() &&
         node.children.front().octets._Find_first() >= 0x80 && node.children.front().octets.any();
}

// "(?:[pP\xde]|\xce\xa1|\xd1[\x80-\x8f]|&#222;)" is one letter in all its shapes: a row of
// any of their octets is looked for.
bool is_shape(const RegexNode& node) {
  if (node.kind == Kind::octet) return true;
  const std::size_t width = max_width(node);
  if (node.kind != Kind::sequence || width > kShapeOctetsMax || min_width(node) == 0) return false;
  const OctetSet& first = node.children.front().octets;
  return width <= 2 || begins_high(node) || (first.count() == 1 && first['&']);
}

bool is_letter(const RegexNode& choice) {
  return std::ranges::all_of(choice.children, is_shape) &&
         std::ranges::any_of(choice.children, begins_high);
}

// Where a match may begin anywhere, what need not be there at its beginning is left out.
RegexNode without_lead(RegexNode node) {
  if (node.kind == Kind::choice) {
    for (RegexNode& child : node.children) child = without_lead(std::move(child));
  } else if (node.kind == Kind::sequence) {
    const auto needed =
        std::ranges::find_if(node.children, [](auto& c) { return min_width(c) > 0; });
    node.children.erase(node.children.begin(), needed);
    if (!node.children.empty()) {
      RegexNode first = without_lead(std::move(node.children.front()));
      node.children.front() = std::move(first);
    }
  } else if (node.kind == Kind::repeat && node.least == 1 && min_width(node) > 0) {
    RegexNode only = without_lead(std::move(node.children.front()));
    return only;
  }
  return node;
}

// What each match begins with, or ends with: of `octets`, or of a word where there are not as many.
RegexNode edge(RegexNode node, std::size_t octets, bool front) {
  if (node.kind == Kind::choice) {
    for (RegexNode& child : node.children) child = edge(std::move(child), octets, front);
  } else if (node.kind == Kind::sequence) {
    if (!front) std::ranges::reverse(node.children);
    std::size_t width = 0;
    std::size_t kept = 0;
    while (kept < node.children.size() && width < octets) {
      RegexNode& child = node.children[kept++];
      const std::size_t least = min_width(child);
      if (least >= std::min(kWordOctets, octets - width)) {
        RegexNode cut = edge(std::move(child), octets - width, front);
        child = std::move(cut);
        break;
      }
      width = add_widths(width, least);
    }
    node.children.resize(kept);
    if (!front) std::ranges::reverse(node.children);
  } else if (node.kind == Kind::repeat && node.least == 1 && min_width(node) >= kWordOctets) {
    RegexNode only = edge(std::move(node.children.front()), octets, front);
    return only;
  }
  return node;
}

class LooseWriter {
 public:
  explicit LooseWriter(bool exact) : exact_(exact) {}

  void write(const RegexNode& node) {
    if (positions_ > kLoosePositionsMax) return;
    switch (node.kind) {
      case Kind::octet: octets(node.octets); break;
      case Kind::sequence: std::ranges::for_each(node.children, [&](auto& c) { write(c); }); break;
      case Kind::choice: choice(node); break;
      case Kind::repeat: repeat(node); break;
      case Kind::anything: octets(~OctetSet()), text_ += '*'; break;
      case Kind::end: text_ += '$'; break;
    }
  }

  std::size_t positions() const noexcept { return positions_; }
  std::optional<std::string> take() && {
    if (positions_ > kLoosePositionsMax) return {};
    return std::move(text_);
  }

 private:
  void octets(const OctetSet& set) {
    ++positions_;
    append_class(set, text_);
  }

  void choice(const RegexNode& node) {
    if (!exact_ && is_letter(node)) {
      octets(alphabet(node) | kHigh);
      text_ += '+';
      return;
    }
    const char* before = "(?:";
    for (const RegexNode& child : node.children) {
      text_ += before;
      write(child);
      before = "|";
    }
    text_ += ')';
  }

  void repeat(const RegexNode& node) {
    const RegexNode& child = node.children.front();
    const bool one = child.kind == Kind::octet;
    const std::uint32_t times_max = exact_ ? kSeamsMax : one ? kTimesMax : 1;
    const std::size_t before = positions_;
    if (!one) text_ += "(?:";
    write(child);
    if (!one) text_ += ')';
    const std::uint32_t least = std::min(node.least, times_max);
    const bool bounded = least == node.least && (node.most == least || node.most <= times_max);
    positions_ += (positions_ - before) * (bounded ? node.most - 1 : std::max(least, 1U) - 1);
    text_ += times(least, bounded ? node.most : RegexNode::kUnbounded);
  }

  static std::string times(std::uint32_t least, std::uint32_t most) {
    const bool unbounded = most == RegexNode::kUnbounded;
    if (unbounded && least <= 1) return least == 0 ? "*" : "+";
    if (least == 0 && most == 1) return "?";
    return unbounded ? fmt::format("{{{},}}", least) : fmt::format("{{{},{}}}", least, most);
  }

  bool exact_;  // letters and bounds as they are
  std::string text_;
  std::size_t positions_ = 0;
};

std::optional<LooseRegex> written(const RegexNode& tree, std::uint32_t times, std::size_t apart,
                                  bool exact = false) {
  LooseWriter writer(exact);
  writer.write(tree);
  const std::size_t positions = writer.positions();
  auto text = std::move(writer).take();
  if (!text) return {};
  return LooseRegex{std::move(*text), times, apart, positions};
}

}  // namespace

const RegexNode* repeated_copy(const RegexNode& tree) noexcept {
  const bool repeats = tree.kind == Kind::repeat && tree.least >= 2;
  return repeats && max_width(tree.children.front()) > 1 ? &tree.children.front() : nullptr;
}

std::optional<LooseRegex> loose_seams(const RegexNode& copy, std::uint32_t copies) {
  RegexNode seam;
  seam.children.push_back(edge(copy, kEdgeOctets, false));
  seam.children.push_back(edge(copy, kEdgeOctets, true));
  const std::size_t apart = std::max<std::size_t>(min_width(seam.children.back()), 1);
  return written(seam, std::min(copies - 1, kSeamsMax), apart);
}

std::optional<LooseRegex> loose_regex(const RegexNode& tree) {
  if (const RegexNode* const copy = repeated_copy(tree)) return loose_seams(*copy, tree.least);
  return written(without_lead(tree), 1, 1);
}

std::optional<LooseRegex> front_regex(const RegexNode& tree, std::size_t positions_max) {
  RegexNode front = without_lead(tree);
  if (front.kind == Kind::sequence) {
    std::size_t positions = 0;
    const auto too_many = std::ranges::find_if(front.children, [&](const RegexNode& child) {
      positions += unfolded_size(child);
      return positions > positions_max;
    });
    front.children.erase(too_many, front.children.end());
  }
  const std::size_t size = unfolded_size(front);
  if (min_width(front) == 0 || size > positions_max) return {};
  return written(front, 1, 1, true);
}

}  // namespace sluice::scan::sa
