#include "tls/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include <array>
#include <initializer_list>

#include "tls/handle.h"

namespace sluice::tls {
namespace {

using MacPtr = std::unique_ptr<EVP_MAC, Freer<EVP_MAC_free>>;
using MacContextPtr = std::unique_ptr<EVP_MAC_CTX, Freer<EVP_MAC_CTX_free>>;

MacContextPtr make_hmac(const char* digest) noexcept {
  const MacPtr hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  MacContextPtr context(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  if (context && EVP_MAC_CTX_set_params(context.get(), parameters) != 1) context.reset();
  return context;
}

EVP_MAC_CTX* hmac_of(Hash hash) noexcept {
  thread_local const MacContextPtr sha_256 = make_hmac("SHA256");
  thread_local const MacContextPtr sha_384 = make_hmac("SHA384");
  if (hash == Hash::none) return nullptr;
  return hash == Hash::sha_256 ? sha_256.get() : sha_384.get();
}

bool hmac(Hash hash, ByteView key, std::initializer_list<ByteView> parts,
          MutableBytes out) noexcept {
  EVP_MAC_CTX* const context = hmac_of(hash);
  std::size_t size = 0;
  if (context == nullptr || EVP_MAC_init(context, key.data(), key.size(), nullptr) != 1)
    return false;
  for (ByteView part : parts)
    if (EVP_MAC_update(context, part.data(), part.size()) != 1) return false;
  return EVP_MAC_final(context, out.data(), &size, out.size()) == 1 && size == size_of(hash);
}

struct EmptyHashes {
  std::array<std::uint8_t, 32> sha_256{};
  std::array<std::uint8_t, 48> sha_384{};

  EmptyHashes() {
    EVP_Digest(nullptr, 0, sha_256.data(), nullptr, EVP_sha256(), nullptr);
    EVP_Digest(nullptr, 0, sha_384.data(), nullptr, EVP_sha384(), nullptr);
  }
};

}  // namespace

bool hkdf_extract(Hash hash, ByteView salt, ByteView input, MutableBytes out) noexcept {
  return out.size() == size_of(hash) && hmac(hash, salt, {input}, out);
}

bool hkdf_expand_label(Hash hash, ByteView secret, std::string_view prefix, std::string_view label,
                       ByteView context, MutableBytes out) noexcept {
  const std::size_t name = prefix.size() + label.size();
  if (out.size() > size_of(hash) || name > 255 || context.size() > 255) return false;
  const std::uint8_t front[] = {0, static_cast<std::uint8_t>(out.size()),
                                static_cast<std::uint8_t>(name)};
  const std::uint8_t context_size[] = {static_cast<std::uint8_t>(context.size())};
  const std::uint8_t block_number[] = {1};
  std::array<std::uint8_t, kHashMax> block;
  const bool done =
      hmac(hash, secret,
           {front, as_bytes(prefix), as_bytes(label), context_size, context, block_number}, block);
  if (done) std::memcpy(out.data(), block.data(), out.size());
  OPENSSL_cleanse(block.data(), block.size());
  return done;
}

ByteView hash_of_nothing(Hash hash) noexcept {
  static const EmptyHashes hashes;
  if (hash == Hash::none) return {};
  return hash == Hash::sha_256 ? ByteView(hashes.sha_256) : ByteView(hashes.sha_384);
}

}  // namespace sluice::tls
