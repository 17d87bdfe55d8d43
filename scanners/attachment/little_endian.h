// Numbers of little-endian formats, read within bounds: 0 behind the end.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::scan::attachment {

inline std::uint32_t read_16(ByteView octets, std::size_t at) noexcept {
  return at + 2 <= octets.size() ? octets[at] | static_cast<std::uint32_t>(octets[at + 1]) << 8 : 0;
}

inline std::uint32_t read_32(ByteView octets, std::size_t at) noexcept {
  return at + 4 <= octets.size() ? read_16(octets, at) | read_16(octets, at + 2) << 16 : 0;
}

// What is there of `size` octets from `at` on.
inline ByteView slice(ByteView octets, std::size_t at, std::size_t size) noexcept {
  if (at >= octets.size()) return {};
  return octets.subspan(at, size < octets.size() - at ? size : octets.size() - at);
}

}  // namespace sluice::scan::attachment
