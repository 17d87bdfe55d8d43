// Sequence numbers compare modulo 2^32 (RFC 9293 3.4).
#pragma once

#include <cstdint>

namespace sluice::net::tcp {

using Sequence = std::uint32_t;

constexpr bool before(Sequence a, Sequence b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}
constexpr bool after(Sequence a, Sequence b) noexcept { return before(b, a); }
constexpr bool at_or_before(Sequence a, Sequence b) noexcept { return !before(b, a); }
constexpr bool at_or_after(Sequence a, Sequence b) noexcept { return !before(a, b); }

}  // namespace sluice::net::tcp
