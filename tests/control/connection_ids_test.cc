#include "engine/control/connection_ids.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

class ConnectionIdsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-ids-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(ConnectionIdsTest, NextRunStartsAboveEverythingThatWasGivenOut) {
  auto first = ConnectionIds::open(directory_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->base(), 0u);
  ASSERT_TRUE(first->keep_ahead(5'000'000));
  auto second = ConnectionIds::open(directory_);
  ASSERT_TRUE(second);
  EXPECT_GT(second->base(), 5'000'000u);
}

TEST_F(ConnectionIdsTest, DamagedFileIsNamed) {
  std::ofstream(directory_ + "/connection_ids") << "garbage";
  auto ids = ConnectionIds::open(directory_);
  ASSERT_FALSE(ids);
  EXPECT_NE(ids.error().find("connection_ids"), std::string::npos);
}

}  // namespace
}  // namespace sluice::control
