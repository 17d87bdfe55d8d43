#include "scanners/spamassassin/pattern/factor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "scanners/spamassassin/pattern/letter.h"
#include "scanners/spamassassin/pattern/ordinary_mail.h"

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;

constexpr std::size_t kPathsMax = 48;       // alternatives while one is made
constexpr std::size_t kChoicesMax = 1'024;  // alternatives of a factor
constexpr std::size_t kStartsMax = 40;      // places of a sequence that are tried
constexpr std::size_t kLiteralOctets = 4;   // "e", "E" and the like count as one letter
constexpr std::size_t kGapOctetsMax = 250;  // what may stand between two letters
constexpr std::uint32_t kTimesMax = 100;    // of a factor that are counted
constexpr std::uint32_t kCopiesMax = 6;     // of what is repeated

// Letters come in words: one behind another says less than one alone.
constexpr double kLetterInWord = 0.6;
const OctetSet kLetters = [] {
  OctetSet set;
  for (std::size_t octet = 'a'; octet <= 'z'; ++octet) set.set(octet), set.set(octet - 32);
  return set;
}();

using Item = FactorItem;

// The beginning of matches. A closed one does not say how they go on.
struct Path {
  FactorRow items;
  double bits = 0;        // as if octets were independent of each other …
  double rarity = 0;      // … and as they come in words
  std::size_t width = 0;  // octets, at most
  bool closed = false;
  bool operator==(const Path&) const = default;

  void add(const Item& item, double more, double bits_wanted) {
    if (item.times != Item::Times::any) {
      const bool in_word = ends_in_letter() && (item.octets & kLetters).any();
      bits += more;
      rarity += in_word ? more * kLetterInWord : more;
    }
    items.push_back(item);
    closed = closed || bits >= bits_wanted;
  }

 private:
  bool ends_in_letter() const {
    auto last = items.rbegin();
    if (last != items.rend() && last->symbols > 0) ++last;  // the rest of a letter
    return last != items.rend() && (last->octets & kLetters).any();
  }
};
using Paths = std::vector<Path>;

const Paths kAnything{{{}, 0, 0, kUnboundedWidth, true}};

void add_path(Paths& paths, Path path) {
  const auto same = std::ranges::find(paths, path.items, &Path::items);
  if (same == paths.end()) {
    paths.push_back(std::move(path));
    return;
  }
  same->width = std::max(same->width, path.width);
  same->closed = same->closed || path.closed;
}

class PathFinder {
 public:
  explicit PathFinder(const FactorAim& aim) : aim_(aim), shares_(octet_shares(aim.kind)) {}

  Paths paths(const RegexNode& node) const {
    switch (node.kind) {
      case Kind::octet: return octet(node.octets, Item::Times::once, 1);
      case Kind::sequence: return sequence(node, 0);
      case Kind::choice: {
        const auto known = choices_.find(&node);
        return known != choices_.end() ? known->second : choices_[&node] = choice(node);
      }
      case Kind::repeat: return repeat(node);
      case Kind::end: return end();
      case Kind::anything: break;
    }
    return kAnything;
  }

  const std::vector<SymbolSet>& symbols() const noexcept { return symbols_; }

  Paths sequence(const RegexNode& node, std::size_t from) const {
    Paths all{Path{}};
    for (std::size_t i = from; i < node.children.size(); ++i)
      if (!append(all, paths(node.children[i]))) break;
    return all;
  }

 private:
  Paths octet(const OctetSet& octets, Item::Times times, std::size_t width) const {
    if (aim_.literal && (octets.count() > kLiteralOctets || times != Item::Times::once))
      return kAnything;
    if (times == Item::Times::any && octets.count() > kGapOctetsMax) return kAnything;
    Path path;
    add(path, {octets, times});
    path.width = width;
    return {path};
  }

  // A line end before it goes with what is before.
  Paths end() const {
    Path path;
    path.closed = true;
    path.width = 1;
    if (aim_.literal) return {path};
    OctetSet octets;
    octets.set('\n');
    path.items.push_back({octets, Item::Times::any});
    octets.reset();
    octets.set(kTextEnd);
    add(path, {octets, Item::Times::once});
    return {path};
  }

  // False when nothing can be appended any more.
  bool append(Paths& all, const Paths& next) const {
    Paths longer;
    bool open = false;
    for (const Path& path : all) {
      if (path.closed) {
        add_path(longer, path);
        continue;
      }
      for (const Path& tail : next) {
        Path joined = path;
        for (const Item& item : tail.items)
          if (!joined.closed) add(joined, item);
        joined.width = add_widths(joined.width, tail.width);
        joined.closed = joined.closed || tail.closed;
        open = open || !joined.closed;
        add_path(longer, std::move(joined));
      }
      if (longer.size() > kPathsMax) {
        for (Path& kept : all) kept.closed = true;
        return false;
      }
    }
    all = std::move(longer);
    return open;
  }

  Paths choice(const RegexNode& node) const {
    Paths all;
    const Letter letter = Letter::take(node, [&](const RegexNode& child) {
      if (all.size() > kPathsMax) return;
      for (Path& path : paths(child)) add_path(all, std::move(path));
    });
    if (all.size() > kPathsMax) return kAnything;
    if (letter.first.none()) return all;
    if (aim_.literal) return kAnything;
    Path path;
    // Counted as if any octet of it would do: where the text has only one of them it often does.
    path.add({letter.first, Item::Times::once}, bits_of(letter.first | letter.others), aim_.bits);
    if (letter.others.any())
      add(path, {letter.others, Item::Times::any, number_of(letter.symbols)});
    path.width = letter.width;
    add_path(all, std::move(path));
    return all;
  }

  Paths repeat(const RegexNode& node) const {
    const RegexNode& child = node.children.front();
    Paths all{Path{}};
    const std::uint32_t copies = std::min(node.least, kCopiesMax);
    const Paths once = paths(child);
    for (std::uint32_t i = 0; i < copies; ++i)
      if (!append(all, once)) return all;
    if (copies == node.most) return all;
    const std::size_t width = max_width(node);
    const bool one = once.size() == 1 && once.front().items.size() == 1 && !once.front().closed;
    if (one && copies > 0 && once.front().items.front().times == Item::Times::some) {
      for (Path& path : all) path.width = width;
      return all;
    }
    if (one) {
      append(all, octet(once.front().items.front().octets, Item::Times::any, width));
    } else if (node.most == 1) {
      for (const Path& path : once) add_path(all, path);
      if (all.size() > kPathsMax) return kAnything;
    } else {
      // Whatever it repeats is of these.
      append(all, octet(alphabet_of(child), Item::Times::any, width));
    }
    return all;
  }

  // A path of as many bits as are wanted is long enough.
  void add(Path& path, const Item& item) const { path.add(item, bits_of(item.octets), aim_.bits); }

  double bits_of(const OctetSet& set) const {
    const auto [known, fresh] = bits_.try_emplace(set);
    if (fresh) {
      double share = 0;
      for (std::size_t octet = 0; octet < 256; ++octet)
        if (set[octet]) share += shares_[octet];
      known->second = std::max(0.0, -std::log2(share));
    }
    return known->second;
  }

  std::uint16_t number_of(const SymbolSet& symbols) const {
    auto known = std::ranges::find(symbols_, symbols);
    if (known == symbols_.end()) known = symbols_.insert(known, symbols);
    return static_cast<std::uint16_t>(known - symbols_.begin() + 1);
  }

  FactorAim aim_;
  const std::array<double, 256>& shares_;
  mutable std::vector<SymbolSet> symbols_;
  mutable std::unordered_map<const RegexNode*, Paths>
      choices_;                                        // a sequence is tried from each place
  mutable std::unordered_map<OctetSet, double> bits_;  // worked out already
};

double bits_of(const Paths& paths, double Path::* of = &Path::bits) {
  double share = 0;
  for (const Path& path : paths) share += std::exp2(-(path.*of));
  return share >= 1 ? 0 : -std::log2(share);
}

// The rarest paths that begin at any place which each match passes.
class FactorFinder {
 public:
  explicit FactorFinder(const FactorAim& aim) : finder_(aim) {}
  const std::vector<SymbolSet>& symbols() const noexcept { return finder_.symbols(); }

  struct Found {
    Paths paths;
    std::uint32_t times = 1;
    std::size_t before = 0;  // octets of a match that may stand before it …
    OctetSet lead;           // … which are of these
  };

  Found best(const RegexNode& node) const {
    Found found{finder_.paths(node), 1, 0, {}};
    const auto offer = [&](Found other) {
      const double more = bits_of(other.paths, &Path::rarity) - bits_of(found.paths, &Path::rarity);
      if (more > 0.5 || (more > -0.5 && other.times > found.times)) found = std::move(other);
    };
    switch (node.kind) {
      case Kind::sequence: {
        std::size_t before = 0;
        OctetSet lead;
        for (std::size_t i = 0; i < std::min(node.children.size(), kStartsMax); ++i) {
          offer({finder_.sequence(node, i), 1, before, lead});
          Found inner = best(node.children[i]);
          inner.before = add_widths(inner.before, before);
          inner.lead |= lead;
          offer(std::move(inner));
          before = add_widths(before, max_width(node.children[i]));
          lead |= alphabet_of(node.children[i]);
        }
        break;
      }
      case Kind::choice: offer(of_each(node)); break;
      case Kind::repeat: offer(of_repeated(node)); break;
      case Kind::end:
      case Kind::octet:
      case Kind::anything: break;
    }
    return found;
  }

 private:
  static Found unknown() { return {kAnything, 1, kUnboundedWidth, ~OctetSet()}; }

  Found of_each(const RegexNode& node) const {
    Found all{{}, 1, 0, {}};
    for (const RegexNode& child : node.children) {
      Found one = best(child);
      all.before = std::max(all.before, one.before);
      all.lead |= one.lead;
      for (Path& path : one.paths) add_path(all.paths, std::move(path));
      if (all.paths.size() > kChoicesMax) return unknown();
    }
    return all;
  }

  Found of_repeated(const RegexNode& node) const {
    if (node.least == 0) return unknown();
    Found found = best(node.children.front());
    found.times = std::min(found.times * std::min(node.least, kTimesMax), kTimesMax);
    return found;
  }

  PathFinder finder_;
};

}  // namespace

std::uint32_t least_width(const Factor& factor) noexcept {
  std::ptrdiff_t least = PTRDIFF_MAX;
  for (const FactorRow& row : factor.rows)
    least = std::min(least, std::ranges::count_if(row, [](const Item& item) {
                       return item.times != Item::Times::any;
                     }));
  return static_cast<std::uint32_t>(least);
}

std::optional<Factor> find_factor(const RegexNode& node, const FactorAim& aim) {
  const FactorFinder finder(aim);
  auto [paths, times, before, lead] = finder.best(node);
  Factor factor;
  factor.symbols = finder.symbols();
  factor.times = times;
  factor.lead = lead;
  factor.bits = bits_of(paths);
  if (paths.empty() || factor.bits <= 0) return {};
  factor.reach = 0;
  for (const Path& path : paths)
    factor.reach = std::max(factor.reach, add_widths(before, path.width));
  const auto optional = [](const Item& item) { return item.times == Item::Times::any; };
  for (Path& path : paths) {
    while (!path.items.empty() && optional(path.items.back())) path.items.pop_back();
    for (const Item& item : path.items) factor.lead |= item.octets;
    path.items.erase(path.items.begin(), std::ranges::find_if_not(path.items, optional));
    if (path.items.empty()) return {};
    factor.rows.push_back(std::move(path.items));
  }
  return factor;
}

}  // namespace sluice::scan::sa
