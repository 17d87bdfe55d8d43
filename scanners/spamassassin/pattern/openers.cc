#include "scanners/spamassassin/pattern/openers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;

constexpr unsigned kSymbols = Openers::kSymbols;
constexpr std::size_t kFirstsFew = 2;       // PCRE2 looks for so few octets itself
constexpr std::size_t kLeadOctetsMax = 64;  // are passed over; PCRE2 decides behind more
constexpr std::uint32_t kAllSymbols = 0xffff'ffff;

// Octets that are alike in what expressions make of them share a symbol; letters have their own.
constexpr std::array<std::uint8_t, 256> kSymbolOf = [] {
  std::array<std::uint8_t, 256> of{};
  of.fill(26);  // other signs
  for (unsigned octet = 0; octet < 32; ++octet) of[octet] = 27;
  for (const char octet : {' ', '\t', '\r', '\n', '\v', '\f'})
    of[static_cast<unsigned char>(octet)] = 28;
  for (unsigned octet = '0'; octet <= '9'; ++octet) of[octet] = 29;
  for (const char octet : {'<', '>', '/', '=', '"', ':', '.', '-'})
    of[static_cast<unsigned char>(octet)] = 30;
  for (unsigned octet = 0x80; octet < 256; ++octet) of[octet] = 31;
  for (unsigned letter = 0; letter < 26; ++letter)
    of['a' + letter] = of['A' + letter] = static_cast<std::uint8_t>(letter);
  return of;
}();

std::uint32_t symbols_of(const OctetSet& octets) {
  std::uint32_t symbols = 0;
  for (unsigned octet = 0; octet < 256; ++octet)
    if (octets[octet]) symbols |= 1U << kSymbolOf[octet];
  return symbols;
}

// The beginnings of a node's matches, up to three symbols: those of shorter matches are whole.
struct Prefixes {
  using Pairs = std::array<std::uint32_t, kSymbols>;  // of the first symbol: which second
  bool empty = false;
  std::uint32_t one = 0;
  Pairs two{};
  std::array<std::uint32_t, kSymbols * kSymbols> three{};

  void add(const Prefixes& other) {
    empty = empty || other.empty;
    one |= other.one;
    for (unsigned a = 0; a < kSymbols; ++a) two[a] |= other.two[a];
    for (unsigned ab = 0; ab < three.size(); ++ab) three[ab] |= other.three[ab];
  }
  Pairs first_two() const {  // of what is longer than one
    Pairs all = two;
    for (unsigned ab = 0; ab < three.size(); ++ab)
      if (three[ab] != 0) all[ab / kSymbols] |= 1U << ab % kSymbols;
    return all;
  }
  static std::uint32_t firsts(const Pairs& pairs) {
    std::uint32_t all = 0;
    for (unsigned a = 0; a < kSymbols; ++a)
      if (pairs[a] != 0) all |= 1U << a;
    return all;
  }
};

template <typename Visit>
void for_each_bit(std::uint32_t bits, Visit&& visit) {
  for (; bits != 0; bits &= bits - 1) visit(static_cast<unsigned>(std::countr_zero(bits)));
}

// What is `before`, followed by `next`.
Prefixes joined(const Prefixes& before, const Prefixes& next) {
  Prefixes all;
  if (before.empty) all.add(next);
  const Prefixes::Pairs pairs = next.first_two();
  const std::uint32_t firsts = Prefixes::firsts(pairs) | next.one;
  for_each_bit(before.one, [&](unsigned a) {
    if (next.empty) all.one |= 1U << a;
    all.two[a] |= next.one;
    for (unsigned b = 0; b < kSymbols; ++b) all.three[a * kSymbols + b] |= pairs[b];
  });
  for (unsigned a = 0; a < kSymbols; ++a)
    for_each_bit(before.two[a], [&](unsigned b) {
      if (next.empty) all.two[a] |= 1U << b;
      all.three[a * kSymbols + b] |= firsts;
    });
  for (unsigned ab = 0; ab < all.three.size(); ++ab) all.three[ab] |= before.three[ab];
  return all;
}

Prefixes anything() {
  Prefixes all;
  all.empty = true;
  all.one = kAllSymbols;
  all.two.fill(kAllSymbols);
  all.three.fill(kAllSymbols);
  return all;
}

Prefixes prefixes_of(const RegexNode& node) {
  Prefixes all;
  switch (node.kind) {
    case Kind::octet: all.one = symbols_of(node.octets); return all;
    case Kind::anything: return anything();
    case Kind::end: all.empty = true; return all;
    case Kind::choice:
      for (const RegexNode& child : node.children) all.add(prefixes_of(child));
      return all;
    case Kind::sequence:
      all.empty = true;
      for (const RegexNode& child : node.children) {
        if (!all.empty && all.one == 0 && std::ranges::all_of(all.two, std::logical_not<>())) break;
        all = joined(all, prefixes_of(child));
      }
      return all;
    case Kind::repeat: break;
  }
  // Each copy adds a symbol or nothing: behind three of them nothing changes.
  const Prefixes once = prefixes_of(node.children.front());
  Prefixes copies;
  copies.empty = true;
  for (std::uint32_t number = 0; number <= std::min(node.most, 3U); ++number) {
    if (number > 0) copies = joined(copies, once);
    if (number >= std::min(node.least, 3U)) all.add(copies);
  }
  return all;
}

// What matches begin with; false when they may be empty.
bool add_firsts(const RegexNode& node, OctetSet& firsts) {
  switch (node.kind) {
    case Kind::octet: firsts |= node.octets; return true;
    case Kind::anything: firsts.set(); return false;
    case Kind::end: return false;
    case Kind::repeat: return add_firsts(node.children.front(), firsts) && node.least > 0;
    case Kind::sequence:
      return std::ranges::any_of(node.children,
                                 [&](const RegexNode& child) { return add_firsts(child, firsts); });
    case Kind::choice: break;
  }
  return std::ranges::count_if(node.children, [&](const RegexNode& child) {
           return add_firsts(child, firsts);
         }) == std::ssize(node.children);
}

// "\\s*" and the like, in front of an expression.
bool is_lead(const RegexNode& node) {
  return node.kind == Kind::repeat && node.least == 0 && node.children.front().kind == Kind::octet;
}

RegexNode without_first(const RegexNode& sequence) {
  return {.children = {sequence.children.begin() + 1, sequence.children.end()}};
}

}  // namespace

std::optional<Openers> Openers::of(const RegexNode& tree, Begins begins) {
  const bool led = begins != Begins::anywhere && tree.kind == Kind::sequence &&
                   !tree.children.empty() && is_lead(tree.children.front());
  OctetSet firsts;
  if (!add_firsts(tree, firsts) || firsts.count() <= kFirstsFew) return {};
  const Prefixes prefixes = prefixes_of(led ? without_first(tree) : tree);
  if (prefixes.empty) return {};
  Openers openers(begins);
  if (led) openers.lead_ = tree.children.front().children.front().octets;
  Bits& bits = *openers.bits_;
  bits = prefixes.three;
  for (unsigned a = 0; a < kSymbols; ++a)
    for (unsigned b = 0; b < kSymbols; ++b)
      if ((prefixes.one >> a & 1) != 0 || (prefixes.two[a] >> b & 1) != 0)
        bits[a * kSymbols + b] = kAllSymbols;
  return openers;
}

// Near the end of a text there are no three octets to look at.
bool Openers::opens(ByteView text, std::size_t at) const noexcept {
  if (at + 3 > text.size()) return true;
  const unsigned pair = kSymbolOf[text[at]] * kSymbols + kSymbolOf[text[at + 1]];
  return ((*bits_)[pair] >> kSymbolOf[text[at + 2]] & 1) != 0;
}

bool Openers::may_begin(ByteView text, std::size_t at) const noexcept {
  for (const std::size_t from = at; at - from < kLeadOctetsMax; ++at) {
    if (opens(text, at)) return true;
    if (!lead_[text[at]]) return false;
  }
  return true;
}

std::size_t Openers::next_anywhere(ByteView text, std::size_t at, std::size_t last) const noexcept {
  if (at + 3 > text.size()) return at;
  unsigned pair = kSymbolOf[text[at]] * kSymbols + kSymbolOf[text[at + 1]];
  for (const std::size_t end = std::min(last + 3, text.size()); at + 2 < end; ++at) {
    const unsigned third = kSymbolOf[text[at + 2]];
    if (((*bits_)[pair] >> third & 1) != 0) return at;
    pair = (pair * kSymbols + third) % (kSymbols * kSymbols);
  }
  return at;
}

std::size_t Openers::next(ByteView text, std::size_t from, std::size_t last) const noexcept {
  last = std::min(last, text.size());
  if (begins_ == Begins::anywhere) return next_anywhere(text, from, last);
  if (from == 0) {
    if (may_begin(text, 0)) return 0;
    from = 1;
  }
  while (begins_ == Begins::line && from <= last) {
    const void* const end = std::memchr(text.data() + from - 1, '\n', last - from + 1);
    if (end == nullptr) break;
    from = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - text.data()) + 1;
    if (may_begin(text, from)) return from;
    ++from;
  }
  return last + 1;
}

}  // namespace sluice::scan::sa
