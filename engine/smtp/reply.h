// An SMTP reply as a value: code, enhanced status code (RFC 3463), text. Texts are static or live
// in the caller until the reply is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::smtp {

inline constexpr std::size_t kReplyBytesMax = 512;  // RFC 5321 4.5.3.1.5, with CRLF

struct Reply {
  std::uint16_t code = 0;
  std::string_view enhanced;  // "2.1.0"; empty where a reply has none (220, 354, EHLO)
  std::string_view text;
  bool positive() const noexcept { return code < 400; }
};

// Writes "250 2.1.0 Sender OK\r\n". Control characters of the text become spaces, so that it stays
// one line, and what goes beyond kReplyBytesMax is cut off. out.size() >= kReplyBytesMax.
std::size_t format_reply(const Reply& reply, MutableBytes out) noexcept;

}  // namespace sluice::smtp
