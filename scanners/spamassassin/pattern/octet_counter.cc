#include "scanners/spamassassin/pattern/octet_counter.h"

namespace sluice::scan::sa {
namespace {

using Kind = RegexNode::Kind;
constexpr std::uint8_t kWhole = 1;
constexpr std::size_t kSecondsFirst = 2;
constexpr std::size_t kSecondsMax = 200;

}  // namespace

bool OctetCounter::add(const RegexNode& row) {
  const bool single = row.kind == Kind::octet;
  const bool pair = row.kind == Kind::sequence && row.children.size() == 2 &&
                    row.children[0].kind == Kind::octet && row.children[1].kind == Kind::octet;
  if (!single && !pair) return false;
  const OctetSet& firsts = single ? row.octets : row.children[0].octets;
  for (std::size_t octet = 0; octet < 256; ++octet) {
    if (!firsts[octet]) continue;
    std::uint8_t& what = of_[octet];
    if (single) {
      if (what > kWhole) return false;
      what = kWhole;
      continue;
    }
    if (what == kWhole || seconds_.size() == kSecondsMax) return false;
    if (what == 0) {
      what = static_cast<std::uint8_t>(kSecondsFirst + seconds_.size());
      seconds_.emplace_back();
    }
    seconds_[what - kSecondsFirst] |= row.children[1].octets;
  }
  return true;
}

std::optional<OctetCounter> OctetCounter::of(const RegexNode& tree) {
  OctetCounter counter;
  if (tree.kind != Kind::choice) {
    if (!counter.add(tree)) return {};
    return counter;
  }
  for (const RegexNode& row : tree.children)
    if (!counter.add(row)) return {};
  return counter;
}

std::uint32_t OctetCounter::count(ByteView text, std::uint32_t most) const noexcept {
  std::uint32_t found = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::uint8_t what = of_[text[at]];
    if (what == 0) continue;
    if (what != kWhole) {
      if (at + 1 == text.size() || !seconds_[what - kSecondsFirst][text[at + 1]]) continue;
      ++at;
    }
    if (++found == most) break;
  }
  return found;
}

}  // namespace sluice::scan::sa
