#include "engine/base/crc32c.h"

#include "engine/base/random.h"

namespace sluice {

TEST(Crc32c, CheckValueOfTheCastagnoliPolynomial) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c_portable(as_bytes("123456789")), 0xe3069283u);
}

TEST(Crc32c, HardwareAndTableAgreeOnEveryLengthAndSplit) {
  Random random(1);
  std::vector<std::uint8_t> bytes(300);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    ByteView view(bytes.data(), length);
    const std::size_t cut = random.below(length + 1);
    EXPECT_EQ(crc32c(view), crc32c_portable(view));
    EXPECT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), crc32c_portable(view));
  }
}

}  // namespace sluice
