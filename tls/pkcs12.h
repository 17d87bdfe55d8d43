// PKCS#12 files (RFC 7292): key, certificate and issuers behind one password.
#pragma once

#include <expected>
#include <string>

#include "tls/bundle.h"
#include "tls/identity.h"

namespace sluice::tls {

std::expected<Bundle, std::string> read_pkcs12(ByteView octets, const Secret& password);
// The password must not be empty.
std::expected<Secret, std::string> write_pkcs12(const Identity& identity, const std::string& name,
                                                const Secret& password);

}  // namespace sluice::tls
