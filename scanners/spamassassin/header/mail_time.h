// Dates of mail (RFC 5322 3.3 with the obsolete forms of 4.3), read leniently.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::scan::sa {

// Seconds since 1970, or nothing when day, month, year or time are missing or out of range.
std::optional<std::int64_t> parse_mail_time(std::string_view text);

}  // namespace sluice::scan::sa
