#include "scanners/spamassassin/pattern/factor_scan.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <utility>

namespace sluice::scan::sa {
namespace {

constexpr std::size_t kRowItemsMax = 63;  // of a row; what is behind them is not looked at
constexpr std::size_t kStride = 32;       // octets between two looks at what has ended

struct RowItem {
  OctetSet enter;
  OctetSet stay;  // octets that may follow before the next item
};
using Row = std::vector<RowItem>;

// What may be absent stands behind the item before.
Row row_of(const FactorRow& items) {
  Row row;
  for (const FactorItem& item : items) {
    if (item.times == FactorItem::Times::any && !row.empty()) {
      row.back().stay |= item.octets;
    } else {
      if (row.size() == kRowItemsMax) break;
      row.push_back({item.octets, {}});
      if (item.times == FactorItem::Times::some) row.back().stay = item.octets;
    }
  }
  return row;
}

std::string key_of(const Row& row) {
  std::string key;
  for (const RowItem& item : row) key += item.enter.to_string() + item.stay.to_string();
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
      const Row row = row_of(items);
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
      for (std::size_t octet = 0; octet < 256; ++octet) {
        if (item.enter[octet]) block.enter[octet][in] |= bit;
        if (item.stay[octet]) block.stay[octet][in] |= bit;
      }
    }
    *lane += need;
    block.ends[in] |= bit;
    block.row_of[in * 64 + *lane - 1] = number;
  }

  FactorScan& scan_;
  std::map<std::string, std::size_t> known_;
  std::vector<std::size_t> used_;  // bits, by lane
};

FactorScan::FactorScan(const std::vector<NumberedFactor>& factors) {
  Builder builder(*this);
  for (const NumberedFactor& factor : factors) builder.add(factor);
}

// Where exactly, in a lane in which anything has ended: the octets once more.
void FactorScan::tell(const Block& block, std::size_t lane, std::uint64_t state, ByteView octets,
                      std::size_t at, FactorHits& hits) const noexcept {
  for (const std::uint8_t octet : octets) {
    ++at;
    state = ((state << 1) & block.enter[octet][lane]) | (state & block.stay[octet][lane]);
    for (std::uint64_t rest = state & block.ends[lane]; rest != 0; rest &= rest - 1) {
      const auto bit = lane * 64 + static_cast<std::size_t>(std::countr_zero(rest));
      for (const std::uint32_t id : ids_of_row_[block.row_of[bit]])
        hits.add(id, static_cast<std::uint32_t>(at));
    }
  }
}

// Several blocks at once, because each waits for its own result most of the time. What has ended is
// collected over some octets, and only where anything has, those are gone through again.
template <std::size_t Count>
[[gnu::always_inline]] inline void FactorScan::walk(const FactorScan& scan, std::size_t first,
                                                    ByteView text, FactorHits& hits) noexcept {
  const Block* const blocks = scan.blocks_.data() + first;
  std::array<Bits, Count> bits;
  for (std::size_t i = 0; i < Count; ++i) bits[i] = blocks[i].starts;
  const auto step = [&](Bits& state, const Block& block, std::uint8_t octet) {
    state = ((state << 1) & block.enter[octet]) | (state & block.stay[octet]);
  };
  const auto look = [&](const std::uint8_t* octets, std::size_t size, std::size_t at) {
    const std::array<Bits, Count> before = bits;
    std::array<Bits, Count> ended{};
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t i = 0; i < Count; ++i) {
        step(bits[i], blocks[i], octets[k]);
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
          scan.tell(blocks[i], lane, before[i][lane], {octets, size}, at, hits);
    }
  };
  std::size_t at = 0;
  for (; text.size() - at >= kStride; at += kStride) look(text.data() + at, kStride, at);
  look(text.data() + at, text.size() - at, at);
  look(&kTextEnd, 1, text.size());
}

[[gnu::always_inline]] inline void FactorScan::walk_all(const FactorScan& scan, ByteView text,
                                                        FactorHits& hits) noexcept {
  std::size_t first = 0;
  for (; scan.blocks_.size() - first >= 3; first += 3) walk<3>(scan, first, text, hits);
  if (scan.blocks_.size() - first == 2) walk<2>(scan, first, text, hits);
  if (scan.blocks_.size() - first == 1) walk<1>(scan, first, text, hits);
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
