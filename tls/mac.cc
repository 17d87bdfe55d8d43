#include "tls/mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "engine/base/bytes.h"

namespace sluice::tls {

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view text) noexcept {
  std::array<std::uint8_t, 32> code{};
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(text).data(), text.size(),
       code.data(), nullptr);
  return code;
}

}  // namespace sluice::tls
