#include "tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::tls {
namespace {

using Words = std::array<std::uint64_t, 10>;
static_assert(sizeof(TicketKey) == sizeof(Words));

int context_index() noexcept {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

const EVP_CIPHER* cipher() noexcept {
  // Fetched once: the lookup by name takes a lock.
  static EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  return fetched;
}

bool set_mac(EVP_MAC_CTX* mac, TicketKey& key) noexcept {
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

int seal(const TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* context,
         EVP_MAC_CTX* mac) noexcept {
  TicketKey key;
  if (!keys.current(key)) return 0;  // no ticket, and a handshake all the same
  if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(cipher())) != 1) return -1;
  if (EVP_EncryptInit_ex(context, cipher(), nullptr, key.cipher.data(), iv) != 1) return -1;
  std::ranges::copy(key.name, name);
  return set_mac(mac, key) ? 1 : -1;
}

// What SSL_CTX_set_tlsext_ticket_key_evp_cb(3) wants to be told.
constexpr int kOpened = 1, kRenew = 2, kFullHandshake = 0;

int open(const TicketKeys& keys, const unsigned char* name, const unsigned char* iv,
         EVP_CIPHER_CTX* context, EVP_MAC_CTX* mac) noexcept {
  TicketKey key;
  const auto age = keys.find(
      std::span<const std::uint8_t, TicketKey::kNameBytes>(name, TicketKey::kNameBytes), key);
  if (age == TicketKeys::Age::unknown) return kFullHandshake;
  if (EVP_DecryptInit_ex(context, cipher(), nullptr, key.cipher.data(), iv) != 1) return -1;
  if (!set_mac(mac, key)) return -1;
  return age == TicketKeys::Age::current ? kOpened : kRenew;
}

int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* context,
              EVP_MAC_CTX* mac, int sealing) noexcept {
  const auto* keys =
      static_cast<const TicketKeys*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
  return sealing != 0 ? seal(*keys, name, iv, context, mac) : open(*keys, name, iv, context, mac);
}

}  // namespace

TicketKey::~TicketKey() { OPENSSL_cleanse(this, sizeof *this); }

TicketKeys::~TicketKeys() { OPENSSL_cleanse(slots_.data(), sizeof slots_); }

void TicketKeys::rotate() noexcept {
  TicketKey key;
  const bool random =
      RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) == 1 &&
      RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) == 1 &&
      RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) == 1;
  SLUICE_ASSERT(random);
  const std::uint32_t next = current_.load(std::memory_order_relaxed) + 1;
  store(slots_[next % kSlots], key);
  current_.store(next, std::memory_order_release);
}

// A reader that slept for two rotations may read while a slot is written: the version tells it.
void TicketKeys::store(Slot& slot, const TicketKey& key) noexcept {
  Words words;
  std::memcpy(words.data(), static_cast<const void*>(&key), sizeof words);
  const std::uint32_t version = slot.version.load(std::memory_order_relaxed);
  slot.version.store(version + 1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < kWords; ++i) slot.words[i].store(words[i], std::memory_order_release);
  slot.version.store(version + 2, std::memory_order_release);
  OPENSSL_cleanse(words.data(), sizeof words);
}

bool TicketKeys::load(const Slot& slot, TicketKey& key) noexcept {
  const std::uint32_t version = slot.version.load(std::memory_order_acquire);
  if (version % 2 != 0) return false;
  Words words;
  for (std::size_t i = 0; i < kWords; ++i) words[i] = slot.words[i].load(std::memory_order_acquire);
  if (slot.version.load(std::memory_order_relaxed) != version) return false;
  std::memcpy(static_cast<void*>(&key), words.data(), sizeof words);
  OPENSSL_cleanse(words.data(), sizeof words);
  return true;
}

bool TicketKeys::current(TicketKey& key) const noexcept {
  return load(slots_[current_.load(std::memory_order_acquire) % kSlots], key);
}

TicketKeys::Age TicketKeys::find(std::span<const std::uint8_t, TicketKey::kNameBytes> name,
                                 TicketKey& key) const noexcept {
  const std::uint32_t newest = current_.load(std::memory_order_acquire);
  for (const Age age : {Age::current, Age::previous}) {
    const std::uint32_t number = age == Age::current ? newest : newest - 1;
    if (number == 0) break;  // there has been no key before the first
    if (load(slots_[number % kSlots], key) && std::ranges::equal(key.name, name)) return age;
  }
  return Age::unknown;
}

void TicketKeys::attach(SSL_CTX* context) const noexcept {
  SSL_CTX_set_ex_data(context, context_index(), const_cast<TicketKeys*>(this));
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

}  // namespace sluice::tls
