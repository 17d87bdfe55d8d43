// What an operator's file may hold: certificates, a private key, a signing request; PEM or DER,
// told apart by looking.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "tls/handle.h"
#include "tls/secret.h"

namespace sluice::tls {

inline constexpr std::size_t kBundleBytesMax = 1024 * 1024;  // of a file

struct Bundle {
  std::vector<CertificatePtr> certificates;  // in the order of the file
  KeyPtr key;
  RequestPtr request;
  bool key_is_encrypted = false;  // there is one, which a password would open

  bool empty() const noexcept { return certificates.empty() && !key && !request; }
};

std::expected<Secret, std::string> read_file(const std::string& path);
Bundle parse_bundle(ByteView octets);
// As PEM, the key first and in the clear.
Secret to_pem(const Bundle& bundle);

}  // namespace sluice::tls
