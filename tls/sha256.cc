#include "tls/sha256.h"

#include <openssl/evp.h>

#include "engine/base/contract.h"

namespace sluice::tls {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  void begin() const noexcept {
    SLUICE_ASSERT(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->begin(); }
Sha256::~Sha256() = default;

void Sha256::update(ByteView octets) noexcept {
  SLUICE_ASSERT(EVP_DigestUpdate(state_->context, octets.data(), octets.size()) == 1);
}

Sha256::Digest Sha256::finish() noexcept {
  Digest digest;
  unsigned size = 0;
  SLUICE_ASSERT(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  SLUICE_ASSERT(size == digest.size());
  state_->begin();
  return digest;
}

}  // namespace sluice::tls
