#include "scanners/mime/octet_search.h"

#include "scanners/mime/search_kernels_x86.h"

namespace sluice::scan::mime {
namespace {

std::size_t find_portable(const OctetPattern& pattern, const std::uint8_t* from,
                          std::size_t size) noexcept {
  using P = OctetPattern;
  for (std::size_t at = 0; at < size; ++at) {
    const std::uint8_t kind = pattern.kinds[from[at]];
    if ((kind & (P::kAlone | P::kFirst)) == 0) continue;
    if ((kind & P::kAlone) != 0) return at;
    if (at + 1 < size && (pattern.kinds[from[at + 1]] & P::kSecond) != 0) return at;
  }
  return size;
}

std::size_t find_alone_portable(const OctetPattern& pattern, const std::uint8_t* from,
                                std::size_t size) noexcept {
  std::size_t at = 0;
  while (at < size && (pattern.kinds[from[at]] & OctetPattern::kAlone) == 0) ++at;
  return at;
}

std::size_t count_portable(const OctetSet& set, const std::uint8_t* from,
                           std::size_t size) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < size; ++at) count += set.has(from[at]) ? 1 : 0;
  return count;
}

std::uint64_t members_portable(const OctetSet& set, const std::uint8_t* from,
                               std::size_t size) noexcept {
  std::uint64_t members = 0;
  for (std::size_t at = 0; at < size; ++at) members |= std::uint64_t{set.has(from[at])} << at;
  return members;
}

struct Kernels {
  std::array<const SearchKernel*, 3> usable{};
  std::size_t size = 0;

  Kernels() noexcept {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
      usable[size++] = &kSearchAvx512;
    if (__builtin_cpu_supports("avx2")) usable[size++] = &kSearchAvx2;
#endif
    usable[size++] = &kSearchPortable;
  }
};

}  // namespace

const SearchKernel kSearchPortable{"portable", find_portable, find_alone_portable, count_portable,
                                   members_portable};

std::span<const SearchKernel* const> search_kernels() noexcept {
  static const Kernels kernels;
  return {kernels.usable.data(), kernels.size};
}

constinit const SearchKernel* best_search_kernel = &kSearchPortable;

namespace {

// Who searches before this has run, searches without a vector.
[[maybe_unused]] const bool kChosen = [] {
  best_search_kernel = search_kernels().front();
  return true;
}();

}  // namespace

}  // namespace sluice::scan::mime
