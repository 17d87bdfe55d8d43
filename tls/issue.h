// New keys, self-signed certificates and signing requests (PKCS#10).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "tls/identity.h"

namespace sluice::tls {

enum class KeyType : std::uint8_t { ecdsa, rsa };  // P-256; 2048 bits

struct Wanted {
  std::vector<std::string> hosts;  // the first is the common name
  KeyType key = KeyType::ecdsa;
  unsigned days = 365;  // of a self-signed one
};

struct Request {
  KeyPtr key;
  RequestPtr request;
};

std::expected<Identity, std::string> make_self_signed(const Wanted& wanted);
std::expected<Request, std::string> make_request(const Wanted& wanted);

}  // namespace sluice::tls
