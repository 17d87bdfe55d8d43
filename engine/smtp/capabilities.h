// What a server offers in its answer to EHLO.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::smtp {

struct Limits {                       // RFC 9422; 0 = not said
  std::uint32_t mail_max = 0;         // transactions of a session
  std::uint32_t rcpt_max = 0;         // RCPT commands of a transaction
  std::uint32_t rcpt_domain_max = 0;  // different recipient domains of a session
};

struct Capabilities {
  bool pipelining = false;      // RFC 2920
  bool eight_bit_mime = false;  // RFC 6152
  bool smtputf8 = false;        // RFC 6531
  bool dsn = false;             // RFC 3461
  bool chunking = false;        // RFC 3030
  bool starttls = false;        // RFC 3207
  bool auth_plain = false;      // RFC 4954
  bool auth_login = false;
  bool requiretls = false;     // RFC 8689; counts only inside TLS
  bool size = false;           // RFC 1870
  std::uint64_t size_max = 0;  // octets, 0 = not said
  Limits limits;
};

// `text` is the reply's, lines separated by '\n'; the first is the greeting. Unknown words are
// skipped.
Capabilities parse_capabilities(std::string_view text) noexcept;

}  // namespace sluice::smtp
