// An SMTP reply as a value: code, enhanced status code (RFC 3463), text. Texts are static or live in
// the caller until the reply is written.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::smtp {

struct Reply {
  std::uint16_t code = 0;
  std::string_view enhanced;  // "2.1.0"; empty where a reply has none (220, 354, EHLO)
  std::string_view text;
  bool positive() const noexcept { return code < 400; }
};

}  // namespace sluice::smtp
