// SipHash-2-4 with 128 bits beside the vectors of its authors' reference implementation.
#include "tls/keyed_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace sluice::tls {
namespace {

TEST(TlsKeyedHash, GivesThePublishedVectors) {  // key 00 01 … 0f, input 00 01 …
  KeyedHash::Key key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  const KeyedHash hash(key);
  const std::uint8_t input[] = {0};
  EXPECT_EQ(hash({}).low, std::byteswap(0xa3817f04ba25a8e6u));
  EXPECT_EQ(hash({}).high, std::byteswap(0x6df67214c7550293u));
  EXPECT_EQ(hash(input).low, std::byteswap(0xda87c1d86b99af44u));
  EXPECT_EQ(hash(input).high, std::byteswap(0x347659119b22fc45u));
}

TEST(TlsKeyedHash, HasAKeyOfItsOwn) {
  const KeyedHash one, two;
  const std::vector<std::uint8_t> text(3'000, 'x');
  EXPECT_EQ(one(text), one(text));
  EXPECT_NE(one(text), two(text));
  EXPECT_NE(one(text), one(ByteView(text).first(2'999)));
}

}  // namespace
}  // namespace sluice::tls
