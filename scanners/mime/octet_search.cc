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

const SearchKernel kSearchPortable{"portable", find_portable};

std::span<const SearchKernel* const> search_kernels() noexcept {
  static const Kernels kernels;
  return {kernels.usable.data(), kernels.size};
}

std::size_t find(const OctetPattern& pattern, ByteView in) noexcept {
  static const SearchKernel& best = *search_kernels().front();
  return best.find(pattern, in.data(), in.size());
}

}  // namespace sluice::scan::mime
