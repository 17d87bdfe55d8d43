// Looks for many short rows of octet classes in one pass over a short text: nibble tables tell
// where the first octets of one may stand, then the row is compared. What a row says is a little
// looser than its classes: it is found wherever it is, and now and then where it is not. Immutable,
// shared by all cores.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/spamassassin/pattern/literal_steps.h"

namespace sluice::scan::sa {

class LiteralLook {
 public:
  LiteralLook() = default;
  // Row i is told as i; equal rows are to be given once.
  explicit LiteralLook(const std::vector<LiteralRow>& rows);

  bool empty() const noexcept { return rows_.empty(); }
  // Calls found(row, at) for each row that begins at octet `at`, from the beginning to the end.
  template <typename Found>
  void scan(ByteView text, Found&& found) const {
    if (empty() || text.empty()) return;
    const Candidates candidates = chosen();
    std::size_t at = 0;
    for (; text.size() - at >= kStride + kReach; at += kStride)
      scan_stride(text.data() + at, kStride + kReach, at, candidates, found);
    std::array<std::uint8_t, 2 * kStride + 2 * kReach> rest{};  // the text, and nothing behind it
    const std::size_t left = text.size() - at;
    std::memcpy(rest.data(), text.data() + at, left);
    for (std::size_t from = 0; from < left; from += kStride)
      scan_stride(rest.data() + from, left - from, at + from, candidates, found);
  }

 private:
  static constexpr std::size_t kStride = 32;
  static constexpr std::size_t kReach = kRowOctetsMax;
  static constexpr std::size_t kBuckets = 8;
  static constexpr std::size_t kPrefix = 4;
  static constexpr std::size_t kLayerRows = 32;  // more in one layer agree with everything
  static constexpr std::size_t kLayersMax = 8;
  using Nibbles =
      std::array<std::uint8_t, 16>;  // the buckets that a nibble agrees with, a bit each
  struct alignas(64) Layer {
    std::array<Nibbles, kPrefix> low{};
    std::array<Nibbles, kPrefix> high{};
    std::array<std::uint16_t, kBuckets + 1> begins{};  // of the rows of each bucket
  };
  // An octet agrees when it is `value` but for the bits in `loose`.
  struct alignas(16) Row {
    std::array<std::uint8_t, kRowOctetsMax> value{};
    std::array<std::uint8_t, kRowOctetsMax> loose{};
    std::uint32_t number = 0;
    std::uint32_t size = 0;
  };
  using Buckets = std::array<std::uint8_t, kStride>;
  // The buckets that may have a row at each of kStride places; the bits of the places that have.
  using Candidates = std::uint32_t (*)(const Layer&, const std::uint8_t*, Buckets&) noexcept;
  static Candidates chosen() noexcept;
  static std::uint32_t candidates_avx2(const Layer& layer, const std::uint8_t* text,
                                       Buckets& buckets) noexcept;
  static std::uint32_t candidates_plain(const Layer& layer, const std::uint8_t* text,
                                        Buckets& buckets) noexcept;
  static bool agrees(const Row& row, const std::uint8_t* text) noexcept;
  void fill(Layer& layer, std::size_t begin, std::size_t end);

  template <typename Found>
  void scan_stride(const std::uint8_t* text, std::size_t size, std::size_t at,
                   Candidates candidates, Found&& found) const {
    std::array<Buckets, kLayersMax> buckets;
    std::uint32_t places = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      places |= candidates(layers_[i], text, buckets[i]);
    if (size < kStride) places &= (std::uint32_t{1} << size) - 1;
    for (; places != 0; places &= places - 1) {
      const auto place = static_cast<std::size_t>(std::countr_zero(places));
      for (std::size_t i = 0; i < layers_.size(); ++i)
        for (unsigned some = buckets[i][place]; some != 0; some &= some - 1) {
          const auto bucket = static_cast<std::size_t>(std::countr_zero(some));
          compare(layers_[i].begins[bucket], layers_[i].begins[bucket + 1], text + place,
                  size - place, [&](std::uint32_t row) { found(row, at + place); });
        }
    }
  }

  template <typename Found>
  void compare(std::size_t begin, std::size_t end, const std::uint8_t* text, std::size_t size,
               Found&& found) const {
    for (std::size_t i = begin; i < end; ++i)
      if (rows_[i].size <= size && agrees(rows_[i], text)) found(rows_[i].number);
  }

  std::vector<Layer> layers_;  // at most kLayersMax
  std::vector<Row> rows_;
};

}  // namespace sluice::scan::sa
