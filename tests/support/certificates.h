// Certificates made on the spot.
#pragma once

#include <string>

#include "tls/identity.h"

namespace sluice::test {

enum class KeyKind : std::uint8_t { ecdsa, rsa };

// Self-signed, for `host`, valid for a day around now.
tls::Identity make_identity(const std::string& host, KeyKind kind = KeyKind::ecdsa);
// The same for an issuer's signature.
tls::Identity make_identity(const std::string& host, const tls::Identity& issuer);
// One that may issue others.
tls::Identity make_authority(const std::string& host, const tls::Identity& issuer);

// An issuer's answer about `identity`, DER: status V_OCSP_CERTSTATUS_*, good from `from` to `until`
// (seconds from now).
std::string ocsp_response(const tls::Identity& identity, const tls::Identity& issuer, int status,
                          long from, long until);

std::string certificate_pem(const tls::Identity& identity);
std::string key_pem(const tls::Identity& identity);

}  // namespace sluice::test
