#include "scanners/spamassassin/pattern/literal_look.h"

#include <immintrin.h>

#include <algorithm>

namespace sluice::scan::sa {

// Rows that begin alike share a bucket.
LiteralLook::LiteralLook(const std::vector<LiteralRow>& rows) {
  for (std::size_t number = 0; number < rows.size(); ++number) {
    Row& row = rows_.emplace_back();
    row.number = static_cast<std::uint32_t>(number);
    row.size = static_cast<std::uint32_t>(rows[number].size());
    row.loose.fill(0xff);
    row.value.fill(0xff);
    for (std::size_t i = 0; i < rows[number].size(); ++i) {
      const OctetSet& set = rows[number][i];
      const auto first = static_cast<std::uint8_t>(set._Find_first());
      std::uint8_t loose = 0;
      for (std::size_t octet = 0; octet < 256; ++octet)
        if (set[octet]) loose |= static_cast<std::uint8_t>(octet ^ first);
      row.loose[i] = loose;
      row.value[i] = first | loose;
    }
  }
  std::ranges::sort(rows_, {}, &Row::value);
  layers_.resize(std::min((rows_.size() + kLayerRows - 1) / kLayerRows, kLayersMax));
  for (std::size_t i = 0; i < layers_.size(); ++i)
    fill(layers_[i], rows_.size() * i / layers_.size(), rows_.size() * (i + 1) / layers_.size());
}

void LiteralLook::fill(Layer& layer, std::size_t begin, std::size_t end) {
  for (std::size_t bucket = 0; bucket <= kBuckets; ++bucket)
    layer.begins[bucket] = static_cast<std::uint16_t>(begin + (end - begin) * bucket / kBuckets);
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket)
    for (std::size_t i = layer.begins[bucket]; i < layer.begins[bucket + 1]; ++i)
      for (std::size_t place = 0; place < kPrefix; ++place)
        for (unsigned octet = 0; octet < 256; ++octet) {
          if ((octet | rows_[i].loose[place]) != rows_[i].value[place]) continue;
          layer.low[place][octet & 15U] |= static_cast<std::uint8_t>(1U << bucket);
          layer.high[place][octet >> 4U] |= static_cast<std::uint8_t>(1U << bucket);
        }
}

LiteralLook::Candidates LiteralLook::chosen() noexcept {
  static const Candidates kChosen =
      __builtin_cpu_supports("avx2") != 0 ? candidates_avx2 : candidates_plain;
  return kChosen;
}

[[gnu::target("avx2")]] std::uint32_t LiteralLook::candidates_avx2(const Layer& layer,
                                                                   const std::uint8_t* text,
                                                                   Buckets& buckets) noexcept {
  const __m256i nibble = _mm256_set1_epi8(15);
  __m256i all = _mm256_set1_epi8(-1);
  for (std::size_t place = 0; place < kPrefix; ++place) {
    const __m256i octets = _mm256_loadu_si256(reinterpret_cast<const __m256i_u*>(text + place));
    const __m256i lows = _mm256_broadcastsi128_si256(
        _mm_load_si128(reinterpret_cast<const __m128i*>(layer.low[place].data())));
    const __m256i highs = _mm256_broadcastsi128_si256(
        _mm_load_si128(reinterpret_cast<const __m128i*>(layer.high[place].data())));
    const __m256i low = _mm256_shuffle_epi8(lows, _mm256_and_si256(octets, nibble));
    const __m256i high =
        _mm256_shuffle_epi8(highs, _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble));
    all = _mm256_and_si256(all, _mm256_and_si256(low, high));
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i_u*>(buckets.data()), all);
  return ~static_cast<std::uint32_t>(
      _mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256())));
}

std::uint32_t LiteralLook::candidates_plain(const Layer& layer, const std::uint8_t* text,
                                            Buckets& buckets) noexcept {
  std::uint32_t places = 0;
  for (std::size_t i = 0; i < kStride; ++i) {
    unsigned all = 0xff;
    for (std::size_t place = 0; place < kPrefix; ++place) {
      const unsigned octet = text[i + place];
      all &= layer.low[place][octet & 15U] & layer.high[place][octet >> 4U];
    }
    buckets[i] = static_cast<std::uint8_t>(all);
    places |= std::uint32_t{all != 0} << i;
  }
  return places;
}

// 16 octets are there, of the text or behind it; the row's own size is the caller's matter.
bool LiteralLook::agrees(const Row& row, const std::uint8_t* text) noexcept {
  const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i_u*>(text));
  const __m128i loose = _mm_load_si128(reinterpret_cast<const __m128i*>(row.loose.data()));
  const __m128i value = _mm_load_si128(reinterpret_cast<const __m128i*>(row.value.data()));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(octets, loose), value)) == 0xffff;
}

}  // namespace sluice::scan::sa
