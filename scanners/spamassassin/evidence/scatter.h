// Places in a table by a hash that anybody can work out: multiplied with what nobody outside knows,
// so that no mail can have all of its words in one place.
#pragma once

#include <sys/random.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "engine/base/contract.h"

namespace sluice::scan::sa {

// Below `places`, a power of two above 1.
inline std::size_t scattered(std::uint64_t hash, std::size_t places) {
  static const std::uint64_t kKey = [] {
    std::uint64_t key = 0;
    SLUICE_ASSERT(::getrandom(&key, sizeof key, 0) == sizeof key);
    return key | 1;
  }();
  return hash * kKey >> (64 - static_cast<unsigned>(std::countr_zero(places)));
}

}  // namespace sluice::scan::sa
