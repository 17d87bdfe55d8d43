#include "tls/keyed_hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstring>

#include "engine/base/contract.h"

namespace sluice::tls {
namespace {

KeyedHash::Key random_key() {
  KeyedHash::Key key;
  SLUICE_ASSERT(RAND_bytes(key.data(), key.size()) == 1);
  return key;
}

}  // namespace

struct KeyedHash::State {
  explicit State(const Key& key_in) : key(key_in) {
    EVP_MAC* const siphash = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
    SLUICE_ASSERT(siphash != nullptr);
    context = EVP_MAC_CTX_new(siphash);
    EVP_MAC_free(siphash);
    std::size_t size = sizeof(Value);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                 OSSL_PARAM_construct_end()};
    SLUICE_ASSERT(context != nullptr && EVP_MAC_CTX_set_params(context, params) == 1);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MAC_CTX_free(context); }

  Key key;
  EVP_MAC_CTX* context = nullptr;
};

KeyedHash::KeyedHash() : KeyedHash(random_key()) {}
KeyedHash::KeyedHash(const Key& key) : state_(std::make_unique<State>(key)) {}
KeyedHash::~KeyedHash() = default;
KeyedHash::KeyedHash(KeyedHash&&) noexcept = default;
KeyedHash& KeyedHash::operator=(KeyedHash&&) noexcept = default;

KeyedHash::Value KeyedHash::operator()(ByteView octets) const noexcept {
  std::uint8_t out[sizeof(Value)];
  std::size_t size = 0;
  EVP_MAC_CTX* const context = state_->context;
  SLUICE_ASSERT(EVP_MAC_init(context, state_->key.data(), state_->key.size(), nullptr) == 1 &&
                EVP_MAC_update(context, octets.data(), octets.size()) == 1 &&
                EVP_MAC_final(context, out, &size, sizeof out) == 1 && size == sizeof out);
  Value value;
  std::memcpy(&value, out, sizeof value);
  return value;
}

}  // namespace sluice::tls
