// Looks for the factors of many expressions in one pass over a text: a machine of bits, one for
// each class of symbols of a row, that are shifted and masked for each symbol. Immutable, shared by
// all cores.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/pattern/factor.h"

namespace sluice::scan::sa {

struct NumberedFactor {
  std::uint32_t id = 0;  // told when it is found
  Factor factor;
};

// Where factors ended in one text. Of one core; nothing is allocated after grow().
class FactorHits {
 public:
  void grow(std::size_t ids);
  void add(std::uint32_t id, std::uint32_t end) noexcept;

  // Calls visit(id, count, ends) for each factor that was found, and forgets them. `ends` ascend;
  // they are empty when there were too many to keep.
  template <typename Visit>
  void take(Visit&& visit) {
    std::ranges::sort(touched_);
    for (const std::uint32_t id : touched_) {
      Known& known = known_[id];
      std::uint32_t count = std::exchange(known.count, 0);
      std::span<std::uint32_t> ends(known.ends.data(), count > kEndsMax ? 0 : count);
      if (ends.size() > 1) {  // rows of one factor are looked for side by side
        std::ranges::sort(ends);
        ends = {ends.begin(), std::ranges::unique(ends).begin()};
        count = static_cast<std::uint32_t>(ends.size());
      }
      visit(id, count, std::span<const std::uint32_t>(ends));
    }
    touched_.clear();
  }

 private:
  static constexpr std::uint32_t kEndsMax = 48;  // of one factor in one text
  struct Known {
    std::uint32_t count = 0;
    std::uint32_t last = 0;
    std::array<std::uint32_t, kEndsMax> ends{};
  };

  std::vector<Known> known_;  // by id
  std::vector<std::uint32_t> touched_;
};

class FactorScan {
 public:
  FactorScan() = default;
  explicit FactorScan(const std::vector<NumberedFactor>& factors);

  bool empty() const noexcept { return blocks_.empty(); }
  std::size_t blocks() const noexcept { return blocks_.size(); }
  // The text is followed by the octet kTextEnd, which stands for its end.
  void scan(ByteView text, FactorHits& hits) const noexcept;

 private:
  static constexpr std::size_t kLanes = 8;  // of 64 bits; no row goes from one into the next
  using Bits [[gnu::vector_size(sizeof(std::uint64_t) * kLanes)]] = std::uint64_t;
  // A row is a bit that is always set and then one for each class: that bit is set when the symbol
  // is of the class and the bit before was set, or when it was set and the symbol may stand behind.
  struct alignas(64) Block {
    std::array<Bits, kSymbols> enter{};
    std::array<Bits, kSymbols> stay{};
    Bits starts{};
    Bits ends{};
    std::array<std::uint32_t, 64 * kLanes> row_of{};  // of a bit in `ends`
  };
  class Builder;
  // With Leads a symbol depends on the octet before, without it is the octet.
  template <std::size_t Count, bool Leads>
  static inline void walk(const FactorScan& scan, std::size_t first, ByteView text,
                          FactorHits& hits) noexcept;
  template <bool Leads>
  static inline void walk_blocks(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept;
  static inline void walk_all(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept;
  static void walk_avx512(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept;
  static void walk_avx2(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept;
  static void walk_plain(const FactorScan& scan, ByteView text, FactorHits& hits) noexcept;
  template <typename Unit>
  void tell(const Block& block, std::size_t lane, std::uint64_t state,
            std::span<const Unit> symbols, std::size_t at, FactorHits& hits) const noexcept;

  std::vector<Block> blocks_;
  std::vector<std::vector<std::uint32_t>> ids_of_row_;
  bool has_letters_ = false;  // for which leads matter
};

}  // namespace sluice::scan::sa
