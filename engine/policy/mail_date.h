// The date-time of RFC 5322 3.3, in UTC, without locale or heap.
#pragma once

#include <cstddef>
#include <span>

#include "engine/base/clock.h"

namespace sluice::policy {

inline constexpr std::size_t kMailDateBytes = 31;  // "Sun, 22 Nov 2026 01:13:31 +0000"

// Writes exactly kMailDateBytes octets. WallTime spans the years 1677 to 2262.
void write_mail_date(WallTime when, std::span<char, kMailDateBytes> out) noexcept;

}  // namespace sluice::policy
