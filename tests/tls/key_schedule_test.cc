// The key schedule beside the trace of RFC 8448 section 3, and that it is ours.
#include "tls/key_schedule.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

#include <array>
#include <string>

namespace sluice::tls {
namespace {

std::string hex(ByteView octets) {
  std::string text;
  for (std::uint8_t octet : octets) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return text;
}

TEST(TlsKeySchedule, StartsAsTheTraceOfRfc8448Does) {
  const std::array<std::uint8_t, 32> zeros{};
  std::array<std::uint8_t, 32> early, derived;
  ASSERT_TRUE(hkdf_extract(Hash::sha_256, zeros, zeros, early));
  EXPECT_EQ(hex(early), "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  ASSERT_TRUE(hkdf_expand_label(Hash::sha_256, early, "tls13 ", "derived",
                                hash_of_nothing(Hash::sha_256), derived));
  EXPECT_EQ(hex(derived), "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba");
}

TEST(TlsKeySchedule, RefusesWhatOneBlockDoesNotHold) {
  std::array<std::uint8_t, 49> out{};
  EXPECT_FALSE(hkdf_expand_label(Hash::sha_384, out, "tls13 ", "key", {}, out));
  EXPECT_FALSE(hkdf_expand_label(Hash::none, out, "tls13 ", "key", {}, {}));
}

TEST(TlsKeySchedule, IsTheOneThatContextsAreMadeWith) {
  ASSERT_NE(prefer_ours(), nullptr);
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", prefer_ours());
  ASSERT_NE(kdf, nullptr);
  EXPECT_STREQ(OSSL_PROVIDER_get0_name(EVP_KDF_get0_provider(kdf)), "sluice");
  EVP_KDF_free(kdf);
}

}  // namespace
}  // namespace sluice::tls
