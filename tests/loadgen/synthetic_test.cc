#include "tools/loadgen/synthetic.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::load {
namespace {

TEST(Synthetic, MessagesHaveTheWantedSizeExactly) {
  for (const std::uint32_t size : {1'024U, 4'096U, 65'536U, 3'000'001U})
    for (const Message& message : make_synthetic(size, 1)) EXPECT_EQ(message.octets.size(), size);
}

TEST(Synthetic, MessagesAreValidOnTheWire) {
  for (const Message& message : make_synthetic(4'096, 7)) {
    const std::string& octets = message.octets;
    EXPECT_TRUE(octets.ends_with("\r\n"));
    EXPECT_NE(octets.find("\r\n\r\n"), std::string::npos);
    std::size_t start = 0;
    while (start < octets.size()) {
      const std::size_t end = octets.find('\n', start);
      ASSERT_NE(end, std::string::npos);
      ASSERT_EQ(octets[end - 1], '\r');
      ASSERT_LE(end - start, 100U);
      ASSERT_EQ(octets.substr(start, end - start - 1).find('\r'), std::string::npos);
      start = end + 1;
    }
  }
}

TEST(Synthetic, MessagesAreTheSameForASeedAndDifferFromEachOther) {
  const auto first = make_synthetic(4'096, 42);
  const auto again = make_synthetic(4'096, 42);
  ASSERT_EQ(first.size(), again.size());
  std::set<std::string> distinct;
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].octets, again[i].octets);
    distinct.insert(first[i].octets);
  }
  EXPECT_EQ(distinct.size(), first.size());
  EXPECT_GE(first.size(), 200U);
  EXPECT_NE(make_synthetic(4'096, 43).front().octets, first.front().octets);
}

}  // namespace
}  // namespace sluice::load
