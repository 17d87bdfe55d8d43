// CRC-32C (Castagnoli, RFC 3720 B.4) with the SSE4.2 instruction where the machine has it.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice {

// Continues from `crc`; start with 0.
std::uint32_t crc32c(ByteView bytes, std::uint32_t crc = 0) noexcept;
// The table version, for the test that compares the two.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t crc = 0) noexcept;

}  // namespace sluice
