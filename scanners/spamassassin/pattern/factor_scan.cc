#include "scanners/spamassassin/pattern/factor_scan.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kRowItemsMax = 63;  // of a row; what is behind them is not looked at
constexpr std::size_t kStride = 32;       // octets between two looks at what has ended

struct RowItem {
  SymbolSet enter;
  SymbolSet stay;  // symbols that may follow before the next item
};
using Row = std::vector<RowItem>;

// What may be absent stands behind the item before.
Row row_of(const FactorRow& items, const std::vector<SymbolSet>& sets) {
  Row row;
  for (const FactorItem& item : items) {
    const SymbolSet symbols = item.symbols > 0 ? sets[item.symbols - 1U] : symbols_of(item.octets);
    if (item.times == FactorItem::Times::any && !row.empty()) {
      row.back().stay |= symbols;
    } else {
      if (row.size() == kRowItemsMax) break;
      row.push_back({symbols, {}});
      if (item.times == FactorItem::Times::some) row.back().stay = symbols;
    }
  }
  return row;
}

void add_key(const SymbolSet& set, std::u16string& key) {
  for (std::size_t s = set._Find_first(); s < kSymbols; s = set._Find_next(s))
    key += static_cast<char16_t>(s);
  key += static_cast<char16_t>(kSymbols);
}

std::u16string key_of(const Row& row) {
  std::u16string key;
  for (const RowItem& item : row) {
    add_key(item.enter, key);
    add_key(item.stay, key);
  }
  return key;
}

}  // namespace

void FactorHits::grow(std::size_t ids) {
  known_.resize(std::max(known_.size(), ids));
  touched_.reserve(known_.size());
}

void FactorHits::add(std::uint32_t id, std::uint32_t end) noexcept {
  Known& known = known_[id];
  if (known.count == 0)
    touched_.push_back(id);
  else if (known.last == end)
    return;
  if (known.count < kEndsMax) known.ends[known.count] = end;
  ++known.count;
  known.last = end;
}

// Lays rows into lanes, equal ones once.
class FactorScan::Builder {
 public:
  explicit Builder(FactorScan& scan) : scan_(scan) {}

  void add(const NumberedFactor& factor) {
    for (const FactorRow& items : factor.factor.rows) {
      const Row row = row_of(items, factor.factor.symbols);
      const auto [place, fresh] = known_.emplace(key_of(row), scan_.ids_of_row_.size());
      if (fresh) {
        scan_.ids_of_row_.emplace_back();
        lay(row, static_cast<std::uint32_t>(place->second));
      }
      std::vector<std::uint32_t>& ids = scan_.ids_of_row_[place->second];
      if (ids.empty() || ids.back() != factor.id) ids.push_back(factor.id);
    }
  }

 private:
  void lay(const Row& row, std::uint32_t number) {
    const std::size_t need = row.size() + 1;
    auto lane = std::ranges::find_if(used_, [&](std::size_t used) { return used + need <= 64; });
    if (lane == used_.end()) {
      scan_.blocks_.emplace_back();
      used_.resize(used_.size() + kLanes);
      lane = used_.end() - kLanes;
    }
    const auto index = static_cast<std::size_t>(lane - used_.begin());
    Block& block = scan_.blocks_[index / kLanes];
    const std::size_t in = index % kLanes;
    std::uint64_t bit = std::uint64_t{1} << *lane;
    block.starts[in] |= bit;
    for (Bits& stay : block.stay) stay[in] |= bit;
    for (const RowItem& item : row) {
      bit <<= 1;
      const auto set_in = [&](std::array<Bits, kSymbols>& all, const SymbolSet& symbols) {
        for (std::size_t s = symbols._Find_first(); s < kSymbols; s = symbols._Find_next(s))
          all[s][in] |= bit;
      };
      set_in(block.enter, item.enter);
      set_in(block.stay, item.stay);
    }
    *lane += need;
    block.ends[in] |= bit;
    block.row_of[in * 64 + *lane - 1] = number;
  }

  FactorScan& scan_;
  std::map<std::u16string, std::size_t> known_;
  std::vector<std::size_t> used_;  // bits, by lane
};

FactorScan::FactorScan(const std::vector<NumberedFactor>& factors) {
  Builder builder(*this);
  for (const NumberedFactor& factor : factors) {
    builder.add(factor);
    has_letters_ = has_letters_ || !factor.factor.symbols.empty();
  }
}

// Where exactly, in a lane in which anything has ended: the symbols once more.
template <typename Unit>
void FactorScan::tell(const Block& block, std::size_t lane, std::uint64_t state,
                      std::span<const Unit> symbols, std::size_t at,
                      FactorHits& hits) const noexcept {
  for (const Unit symbol : symbols) {
    ++at;
    state = ((state << 1) & block.enter[symbol][lane]) | (state & block.stay[symbol][lane]);
    for (std::uint64_t rest = state & block.ends[lane]; rest != 0; rest &= rest - 1) {
      const auto bit = lane * 64 + static_cast<std::size_t>(std::countr_zero(rest));
      for (const std::uint32_t id : ids_of_row_[block.row_of[bit]])
        hits.add(id, static_cast<std::uint32_t>(at));
    }
  }
}

// Several blocks at once, because each waits for its own result most of the time. What has ended is
// collected over some symbols, and only where anything has, those are gone through again.
template <std::size_t Count, bool Leads>
[[gnu::always_inline]] inline void FactorScan::walk(const FactorScan& scan, std::size_t first,
                                                    ByteView text, FactorHits& hits) noexcept {
  using Unit = std::conditional_t<Leads, Symbol, std::uint8_t>;
  const Block* const blocks = scan.blocks_.data() + first;
  std::array<Bits, Count> bits;
  for (std::size_t i = 0; i < Count; ++i) bits[i] = blocks[i].starts;
  const auto step = [&](Bits& state, const Block& block, Unit symbol) {
    state = ((state << 1) & block.enter[symbol]) | (state & block.stay[symbol]);
  };
  const auto look = [&](const Unit* symbols, std::size_t size, std::size_t from) {
    const std::array<Bits, Count> before = bits;
    std::array<Bits, Count> ended{};
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t i = 0; i < Count; ++i) {
        step(bits[i], blocks[i], symbols[k]);
        ended[i] |= bits[i] & blocks[i].ends;
      }
    Bits all = ended[0];
    for (std::size_t i = 1; i < Count; ++i) all |= ended[i];
    std::uint64_t any = 0;
    for (std::size_t lane = 0; lane < kLanes; ++lane) any |= all[lane];
    if (any == 0) [[likely]]
      return;
    for (std::size_t i = 0; i < Count; ++i) {
      for (std::size_t lane = 0; lane < kLanes; ++lane)
        if (ended[i][lane] != 0)
          scan.tell(blocks[i], lane, before[i][lane], std::span(symbols, size), from, hits);
    }
  };
  std::size_t at = 0;
  if constexpr (Leads) {
    std::array<Symbol, kStride> symbols;
    std::uint8_t before = kTextEnd;
    for (std::size_t size = 0; at < text.size(); at += size) {
      size = std::min(text.size() - at, kStride);
      for (std::size_t k = 0; k < size; ++k)
        symbols[k] = symbol_of(std::exchange(before, text[at + k]), text[at + k]);
      look(symbols.data(), size, at);
    }
  } else {
    for (; text.size() - at >= kStride; at += kStride) look(text.data() + at, kStride, at);
    look(text.data() + at, text.size() - at, at);
  }
  constexpr Unit kEnd = kTextEnd;
  look(&kEnd, 1, text.size());
}

template <bool Leads>
[[gnu::always_inline]] inline void FactorScan::walk_blocks(const FactorScan& scan, ByteView text,
                                                           FactorHits& hits) noexcept {
  std::size_t first = 0;
  for (; scan.blocks_.size() - first >= 3; first += 3) walk<3, Leads>(scan, first, text, hits);
  if (scan.blocks_.size() - first == 2) walk<2, Leads>(scan, first, text, hits);
  if (scan.blocks_.size() - first == 1) walk<1, Leads>(scan, first, text, hits);
}

[[gnu::always_inline]] inline void FactorScan::walk_all(const FactorScan& scan, ByteView text,
                                                        FactorHits& hits) noexcept {
  if (scan.has_letters_ && has_leads(text))
    walk_blocks<true>(scan, text, hits);
  else
    walk_blocks<false>(scan, text, hits);
}

[[gnu::target("avx512f")]] void FactorScan::walk_avx512(const FactorScan& scan, ByteView text,
                                                        FactorHits& hits) noexcept {
  walk_all(scan, text, hits);
}

[[gnu::target("avx2")]] void FactorScan::walk_avx2(const FactorScan& scan, ByteView text,
                                                   FactorHits& hits) noexcept {
  walk_all(scan, text, hits);
}

void FactorScan::walk_plain(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept {
  walk_all(scan, text, hits);
}

void FactorScan::scan(ByteView text, FactorHits& hits) const noexcept {
  static const auto kWalk = __builtin_cpu_supports("avx512f") != 0 ? walk_avx512
                            : __builtin_cpu_supports("avx2") != 0  ? walk_avx2
                                                                   : walk_plain;
  if (!empty()) kWalk(*this, text, hits);
}

}  // namespace sluice::scan::sa
