// OCSP responses (RFC 6960) for stapling, from a file that something outside renews.
#pragma once

#include <expected>
#include <string>

#include "tls/identity.h"

namespace sluice::tls {

// Reads the response (DER) for `identity`, whose issuer is the first of its chain, or itself when
// it is self-signed. The error names the file and says what is wrong: of another certificate, out
// of date, not signed by the issuer, revoked.
std::expected<Staple, std::string> load_staple(const std::string& file, const Identity& identity);

}  // namespace sluice::tls
