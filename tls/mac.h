// Message authentication codes.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::tls {

// HMAC-SHA-256 (RFC 2104).
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view text) noexcept;

}  // namespace sluice::tls
