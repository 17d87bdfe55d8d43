// The ESMTP parameters of MAIL and RCPT: "KEYWORD[=value]" separated by spaces (RFC 5321 4.1.2).
#pragma once

#include <optional>
#include <string_view>

#include "engine/smtp/command.h"

namespace sluice::smtp {

// `text` is what follows the path. The reply says what is wrong, nullopt = nothing.
std::optional<Reply> parse_mail_parameters(std::string_view text, Command& command) noexcept;
std::optional<Reply> parse_rcpt_parameters(std::string_view text, Command& command) noexcept;

// 1 to 20 digits (RFC 1870, RFC 3030); nullopt also when the number is beyond 64 bits.
std::optional<std::uint64_t> parse_octet_count(std::string_view text) noexcept;

}  // namespace sluice::smtp
