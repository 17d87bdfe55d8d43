#include "tls/record_keys.h"

#include <openssl/crypto.h>

namespace sluice::tls {
namespace {

constexpr std::size_t kKeyMax = 32;

using CipherPtr = std::unique_ptr<EVP_CIPHER, Freer<EVP_CIPHER_free>>;

// Fetched once: a look-up by name costs more than what it is for.
struct Algorithms {
  CipherPtr aes_128{EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)};
  CipherPtr aes_256{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
  CipherPtr chacha{EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)};
};

const Algorithms& algorithms() {
  static const Algorithms fetched;
  return fetched;
}

const EVP_CIPHER* cipher_of(const SSL_CIPHER* suite) noexcept {
  switch (SSL_CIPHER_get_protocol_id(suite)) {  // RFC 8446 B.4
    case 0x1301: return algorithms().aes_128.get();
    case 0x1302: return algorithms().aes_256.get();
    case 0x1303: return algorithms().chacha.get();
    default: return nullptr;
  }
}

}  // namespace

bool RecordKeys::start(Direction direction, const SSL_CIPHER* suite, const TrafficSecret& secret,
                       std::uint64_t records_before) noexcept {
  const EVP_CIPHER* const cipher = cipher_of(suite);
  seals_ = direction == Direction::seal;
  secret_ = secret;
  context_.reset(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || secret.hash == Hash::none || !context_) return false;
  if (EVP_CipherInit_ex(context_.get(), cipher, nullptr, nullptr, nullptr, seals_ ? 1 : 0) != 1)
    return false;
  const bool derived = derive();
  sequence_ = records_before;
  return derived;
}

bool RecordKeys::expand(std::string_view label, MutableBytes out) const noexcept {
  return hkdf_expand_label(secret_.hash, secret_.view(), "tls13 ", label, {}, out);
}

bool RecordKeys::update() noexcept {
  TrafficSecret following;
  following.hash = secret_.hash;
  if (!expand("traffic upd", MutableBytes(following.octets).first(size_of(secret_.hash))))
    return false;
  secret_ = following;
  return derive();
}

bool RecordKeys::derive() noexcept {
  std::array<std::uint8_t, kKeyMax> key;
  const auto size = static_cast<std::size_t>(EVP_CIPHER_CTX_get_key_length(context_.get()));
  const bool done =
      size <= key.size() && expand("key", {key.data(), size}) && expand("iv", iv_) &&
      EVP_CipherInit_ex(context_.get(), nullptr, nullptr, key.data(), nullptr, -1) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  sequence_ = 0;
  return done;
}

// The nonce is the sequence number, as 64 bits in network order, over the end of the IV (5.3); the
// header is what is authenticated besides.
bool RecordKeys::begin_record(ByteView header) noexcept {
  std::array<std::uint8_t, 12> nonce = iv_;
  for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<std::uint8_t>(sequence_ >> (8 * i));
  int length = 0;
  return EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
         EVP_CipherUpdate(context_.get(), nullptr, &length, header.data(),
                          static_cast<int>(header.size())) == 1;
}

bool RecordKeys::open(ByteView sealed, MutableBytes inner) noexcept {
  const ByteView tag = sealed.last(kRecordTag);
  int length = 0;
  return begin_record(sealed.first(kRecordHeader)) &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kRecordTag,
                             const_cast<std::uint8_t*>(tag.data())) == 1 &&
         EVP_CipherUpdate(context_.get(), inner.data(), &length, &sealed[kRecordHeader],
                          static_cast<int>(inner.size())) == 1 &&
         EVP_CipherFinal_ex(context_.get(), inner.data() + length, &length) == 1;
}

std::size_t RecordKeys::seal(std::uint8_t type, ByteView content, MutableBytes sealed) noexcept {
  const std::size_t length = content.size() + 1 + kRecordTag;
  const std::uint8_t header[kRecordHeader] = {23, 3, 3, static_cast<std::uint8_t>(length >> 8),
                                              static_cast<std::uint8_t>(length)};
  std::memcpy(sealed.data(), header, kRecordHeader);
  std::uint8_t* out = sealed.data() + kRecordHeader;
  int count = 0;
  EVP_CIPHER_CTX* const context = context_.get();
  if (!begin_record(header)) return 0;
  if (!content.empty() &&
      EVP_CipherUpdate(context, out, &count, content.data(), static_cast<int>(content.size())) != 1)
    return 0;
  out += content.size();
  if (EVP_CipherUpdate(context, out, &count, &type, 1) != 1 ||
      EVP_CipherFinal_ex(context, out + 1, &count) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kRecordTag, out + 1) != 1)
    return 0;
  ++sequence_;
  return kRecordHeader + length;
}

}  // namespace sluice::tls
