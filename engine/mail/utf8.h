// What SMTP needs to know about UTF-8: is it well-formed (RFC 3629), is it needed at all.
#pragma once

#include <string_view>

namespace sluice::mail {

bool is_ascii(std::string_view text) noexcept;
// Well-formed UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. ASCII is UTF-8.
bool is_utf8(std::string_view text) noexcept;

}  // namespace sluice::mail
