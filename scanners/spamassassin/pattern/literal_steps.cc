#include "scanners/spamassassin/pattern/literal_steps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;

constexpr std::size_t kClassOctetsMax = 10;  // "[0-9]"; larger classes are gaps
constexpr std::size_t kProductMax = 24;      // rows that are made of what stands side by side
constexpr std::size_t kStepRowsMax = 160;    // "(?:one|two|…)"
constexpr std::size_t kStepsMax = 4;
constexpr double kBitsToSpare = 1.5;
constexpr std::size_t kFrontOctets = 4;  // by which a row is looked for first
constexpr double kUsualBits = 12;        // "To: ": less is all over the text

// Of header fields, roughly: log2 of the octets between two of the kind.
double bits_of(std::size_t octet) {
  if (octet >= 'a' && octet <= 'z') return 4.3;
  if (octet >= 'A' && octet <= 'Z') return 6.5;
  if (octet >= '0' && octet <= '9') return 5;
  constexpr std::string_view kCommon = ".-:<>@\n";
  if (octet == ' ') return 3;
  return octet < 0x80 && kCommon.find(static_cast<char>(octet)) != kCommon.npos ? 5 : 8;
}

double bits_of(std::span<const OctetSet> row) {
  double bits = 0;
  for (const OctetSet& octets : row) {
    double share = 0;
    for (std::size_t octet = 0; octet < 256; ++octet)
      if (octets[octet]) share += std::exp2(-bits_of(octet));
    bits -= std::log2(share);
  }
  return bits;
}

bool holds(std::string_view text, std::span<const OctetSet> row) {
  const auto same = [](char c, const OctetSet& set) { return set[static_cast<unsigned char>(c)]; };
  return !std::ranges::search(text, row, same).empty();
}

using Rows = std::vector<LiteralRow>;

// Every text that the node matches, when these are few and short.
std::optional<Rows> all_texts(const RegexNode& node);

bool append(Rows& rows, const Rows& next) {
  if (rows.size() * next.size() > kProductMax) return false;
  Rows longer;
  for (const LiteralRow& row : rows)
    for (const LiteralRow& tail : next) {
      longer.push_back(row);
      longer.back().insert(longer.back().end(), tail.begin(), tail.end());
      if (longer.back().size() > kRowOctetsMax) return false;
    }
  rows = std::move(longer);
  return true;
}

std::optional<Rows> texts_of_repeat(const RegexNode& node) {
  const auto once = all_texts(node.children.front());
  if (!once || node.most > kRowOctetsMax) return {};
  Rows all, copies{{}};
  for (std::uint32_t times = 0; times <= node.most; ++times) {
    if (times >= node.least) all.insert(all.end(), copies.begin(), copies.end());
    if (all.size() > kProductMax || (times < node.most && !append(copies, *once))) return {};
  }
  return all;
}

std::optional<Rows> all_texts(const RegexNode& node) {
  switch (node.kind) {
    case Kind::octet:
      if (node.octets.count() > kClassOctetsMax) return {};
      return Rows{{node.octets}};
    case Kind::sequence: {
      Rows rows{{}};
      for (const RegexNode& child : node.children) {
        const auto next = all_texts(child);
        if (!next || !append(rows, *next)) return {};
      }
      return rows;
    }
    case Kind::choice: {
      Rows rows;
      for (const RegexNode& child : node.children) {
        const auto next = all_texts(child);
        if (!next || rows.size() + next->size() > kProductMax) return {};
        rows.insert(rows.end(), next->begin(), next->end());
      }
      return rows;
    }
    case Kind::repeat: return texts_of_repeat(node);
    case Kind::anything:
    case Kind::end: break;
  }
  return {};
}

std::size_t times(std::size_t width, std::size_t count) {
  return width > 0 && count > kUnboundedWidth / width ? kUnboundedWidth : width * count;
}

// Walks what each match passes, from its beginning on.
class StepFinder {
 public:
  explicit StepFinder(std::string_view typical) : typical_(typical) {}

  std::vector<LiteralStep> find(const RegexNode& node) {
    walk(node);
    flush();
    return std::move(steps_);
  }

  // The rarest; what is usual only where there is nothing else.
  static const LiteralStep* best(const std::vector<LiteralStep>& steps) {
    const auto rank = [](const LiteralStep& step) { return std::pair(!step.usual, step.bits); };
    const auto found = std::ranges::max_element(steps, {}, rank);
    return found == steps.end() ? nullptr : &*found;
  }

 private:
  void walk(const RegexNode& node) {
    if (const auto texts = all_texts(node)) {
      if (append(run_, *texts)) return;
      flush();
      if (append(run_, *texts)) return;
    }
    switch (node.kind) {
      case Kind::sequence:
        for (const RegexNode& child : node.children) walk(child);
        break;
      case Kind::choice: walk_choice(node); break;
      case Kind::repeat: walk_repeat(node); break;
      case Kind::octet:
      case Kind::anything: skip(min_width(node), max_width(node)); break;
      case Kind::end: break;
    }
  }

  // One of the best steps of each.
  void walk_choice(const RegexNode& node) {
    flush();
    LiteralStep all;
    all.before_least = kUnboundedWidth;
    for (const RegexNode& child : node.children) {
      const std::vector<LiteralStep> steps = StepFinder(typical_).find(child);
      const LiteralStep* const one = best(steps);
      if (one == nullptr || all.rows.size() + one->rows.size() > kStepRowsMax) {
        all.rows.clear();
        break;
      }
      all.rows.insert(all.rows.end(), one->rows.begin(), one->rows.end());
      all.before_least = std::min(all.before_least, one->before_least);
      all.before_most = std::max(all.before_most, one->before_most);
    }
    if (!all.rows.empty()) {
      all.before_least = add_widths(all.before_least, least_);
      all.before_most = add_widths(all.before_most, most_);
      add(std::move(all));
    }
    skip(min_width(node), max_width(node));
  }

  // What is repeated is passed once or oftener; the last copy goes with what follows.
  void walk_repeat(const RegexNode& node) {
    const RegexNode& child = node.children.front();
    if (node.least == 0) return skip(0, max_width(node));
    const auto texts = all_texts(child);
    if (!texts) {
      walk(child);
      flush();
      least_ = add_widths(least_, times(min_width(child), node.least - 1));
      most_ = max_width(node) == kUnboundedWidth
                  ? kUnboundedWidth
                  : add_widths(most_, max_width(node) - max_width(child));
      return;
    }
    flush();
    least_ = add_widths(least_, times(min_width(child), node.least - 1));
    const std::size_t all = max_width(node);
    most_ = all == kUnboundedWidth ? all : add_widths(most_, all - max_width(child));
    run_ = *texts;
  }

  void skip(std::size_t least, std::size_t most) {
    flush();
    least_ = add_widths(least_, least);
    most_ = add_widths(most_, most);
  }

  // The run of rows ends here.
  void flush() {
    Rows rows = std::exchange(run_, {{}});
    std::size_t least = kUnboundedWidth, most = 0;
    for (const LiteralRow& row : rows) {
      least = std::min(least, row.size());
      most = std::max(most, row.size());
    }
    if (least > 0) {
      LiteralStep step;
      step.rows = std::move(rows);
      step.before_least = least_;
      step.before_most = most_;
      add(std::move(step));
    }
    least_ = add_widths(least_, least);
    most_ = add_widths(most_, most);
  }

  void add(LiteralStep step) {
    double share = 0;
    for (const LiteralRow& row : step.rows) {
      share += std::exp2(-bits_of(row));
      step.usual = step.usual || holds(typical_, row);
    }
    step.bits = -std::log2(share);
    steps_.push_back(std::move(step));
  }

  std::string_view typical_;
  Rows run_{{}};
  std::size_t least_ = 0;  // octets of a match before the run
  std::size_t most_ = 0;
  std::vector<LiteralStep> steps_;
};

// What is common in front is left out: "[0-9].example" is looked for as ".example".
void trim_front(LiteralStep& step, double bits_least, std::string_view typical) {
  std::size_t least = kRowOctetsMax, most = 0;
  for (LiteralRow& row : step.rows) {
    const std::span<const OctetSet> octets(row);
    std::size_t best = 0;
    const auto front = [&](std::size_t at) {
      return bits_of(octets.subspan(at, std::min(kFrontOctets, octets.size() - at)));
    };
    for (std::size_t at = 1; at + kFrontOctets <= row.size(); ++at)
      if (front(at) > front(best) + 1 && bits_of(octets.subspan(at)) >= bits_least &&
          !holds(typical, octets.subspan(at)))
        best = at;
    row.erase(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(best));
    least = std::min(least, best);
    most = std::max(most, best);
  }
  step.before_least = add_widths(step.before_least, least);
  step.before_most = add_widths(step.before_most, most);
}

}  // namespace

std::size_t LiteralStep::least_width() const noexcept {
  return std::ranges::min(rows, {}, &LiteralRow::size).size();
}

std::vector<LiteralStep> find_steps(const RegexNode& tree, std::string_view typical,
                                    std::size_t usual_least) {
  std::vector<LiteralStep> steps = StepFinder(typical).find(tree);
  const LiteralStep* const best = StepFinder::best(steps);
  if (best == nullptr) return {};
  const double least = std::log2(static_cast<double>(typical.size() + 16)) + kBitsToSpare;
  if (!best->usual && best->bits >= least) {
    std::vector<LiteralStep> one;
    one.push_back(*best);
    trim_front(one.front(), least + std::log2(best->rows.size()), typical);
    return one;
  }
  std::erase_if(steps, [](const LiteralStep& step) { return step.bits < kUsualBits; });
  if (typical.size() < usual_least || steps.empty() || !steps.front().fixed()) return {};
  steps.resize(std::min(steps.size(), kStepsMax));
  return steps;
}

}  // namespace sluice::scan::sa
