// The table in DPDK's memory. A program of its own: the EAL starts once per process.
#include "engine/net/dpdk/fib_prefix_table.h"

#include <gtest/gtest.h>

#include "engine/net/dpdk/dpdk.h"
#include "tests/support/prefix_table_checks.h"

namespace sluice::net {
namespace {

constexpr FibOptions kOptions{.prefixes_max = 2'000, .groups = 4'096};

class FibPrefixTableTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    DpdkOptions options;
    options.hugepages = DpdkOptions::HugePages::off;
    options.table_bytes = FibPrefixTable::bytes_needed(kOptions);
    options.memory_mib = 64 + static_cast<std::uint32_t>(options.table_bytes >> 20);
    auto started = Dpdk::start(options);
    ASSERT_TRUE(started) << started.error();
    dpdk_ = std::move(*started);
  }
  static void TearDownTestSuite() { dpdk_.reset(); }
  void SetUp() override {
    auto made = FibPrefixTable::create("test", kOptions);
    ASSERT_TRUE(made) << made.error();
    table_ = std::move(*made);
  }

  static std::unique_ptr<Dpdk> dpdk_;
  std::unique_ptr<FibPrefixTable> table_;
};
std::unique_ptr<Dpdk> FibPrefixTableTest::dpdk_;

TEST_F(FibPrefixTableTest, FindsTheLongestPrefixThatCoversAnAddress) {
  test::find_the_longest_prefix(*table_);
}

TEST_F(FibPrefixTableTest, AgreesWithASearchThroughAllPrefixes) {
  test::agree_with_linear_search(*table_, 1'500);
}

TEST_F(FibPrefixTableTest, WithoutAFreeGroupALongPrefixIsRefusedAndTheRestStays) {
  std::uint32_t inserted = 0;
  for (bool room = true; room; inserted += room ? 1 : 0)
    room = table_->insert({IpAddress::from_v4((inserted + 1) << 8 | 1), 32}, inserted);
  EXPECT_LE(inserted, kOptions.groups);
  EXPECT_GT(inserted, kOptions.prefixes_max / 2);
  for (std::uint32_t i = 0; i < inserted; ++i)
    ASSERT_EQ(table_->find(IpAddress::from_v4((i + 1) << 8 | 1)), i);
}

TEST_F(FibPrefixTableTest, TooLittleMemoryIsSaidWithTheAmount) {
  const auto large = FibPrefixTable::create("large", {.prefixes_max = 200'000, .groups = 400'000});
  ASSERT_FALSE(large);
  EXPECT_NE(large.error().find("no memory for a table of 200000 prefixes"), std::string::npos);
}

}  // namespace
}  // namespace sluice::net
