// A certificate with its chain and private key, as an operator's files hold them (PEM or DER).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tls/handle.h"

namespace sluice::tls {

// An OCSP response (RFC 6960) that is sent along with the certificate.
struct Staple {
  std::vector<std::uint8_t> response;  // DER
  std::int64_t good_until = 0;         // Unix seconds
};

struct Identity {
  CertificatePtr certificate;
  std::vector<CertificatePtr> chain;  // intermediates, in the order of the file
  KeyPtr key;
  Staple staple;
};

// The key may stand in the certificate's file: then `key_file` is empty. The error names the file
// and says what is wrong with it.
std::expected<Identity, std::string> load_identity(const std::string& certificate_file,
                                                   const std::string& key_file);

}  // namespace sluice::tls
