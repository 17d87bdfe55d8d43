#include "engine/control/block_control.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/net/range_prefix_table.h"

namespace sluice::control {
namespace {

using policy::BlockMode;
using Table = std::shared_ptr<const net::PrefixTable>;

constexpr WallTime kNow{1'800'000'000LL * 1'000'000'000LL};

// Two workers that hold what they were given.
class BlockControlTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-block-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    open(kNow);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void open(WallTime now, std::uint32_t entries_max = 10) {
    workers_ = {};
    BlockSetup setup{.path = directory_ + "/blocked", .entries_max = entries_max, .tables = {}};
    for (auto& table : setup.tables) table = std::make_shared<net::RangePrefixTable>(entries_max);
    auto opened = BlockControl::open(std::move(setup), now);
    ASSERT_TRUE(opened) << opened.error();
    control_ = std::move(*opened);
    workers_ = {control_->table(), control_->table()};
    control_->set_publish([this](const Table& table, const auto& fresh) {
      workers_[0] = table;
      if (!second_is_late_) workers_[1] = table;
      fresh_.insert(fresh_.end(), fresh.begin(), fresh.end());
    });
  }
  static std::vector<Prefix> prefixes(const char* text) { return {*Prefix::parse(text)}; }
  bool blocked(unsigned worker, const char* address) {
    return workers_[worker]->find(*IpAddress::parse(address)) != net::PrefixTable::kNone;
  }

  std::string directory_;
  std::array<Table, 2> workers_;
  std::vector<std::uint32_t> fresh_;
  bool second_is_late_ = false;
  std::unique_ptr<BlockControl> control_;
};

TEST_F(BlockControlTest, EveryChangeReachesEveryWorkerWhicheverTableItIsMadeIn) {
  ASSERT_TRUE(control_->add(prefixes("192.0.2.7/24"), BlockMode::drop, kNow + hours(1)));
  ASSERT_TRUE(control_->add(prefixes("198.51.100.0/24"), BlockMode::drop, kNow + hours(1)));
  ASSERT_TRUE(control_->remove(prefixes("192.0.2.0/24")));
  ASSERT_TRUE(control_->add(prefixes("203.0.113.0/24"), BlockMode::reset, kNow + hours(1)));
  for (const unsigned worker : {0u, 1u}) {
    EXPECT_FALSE(blocked(worker, "192.0.2.1"));
    EXPECT_TRUE(blocked(worker, "198.51.100.1"));
    EXPECT_TRUE(blocked(worker, "203.0.113.1"));
  }
  EXPECT_EQ(fresh_.size(), 3u);
}

TEST_F(BlockControlTest, ATableThatAWorkerStillReadsIsNotChanged) {
  second_is_late_ = true;
  ASSERT_TRUE(control_->add(prefixes("192.0.2.0/24"), BlockMode::drop, kNow + hours(1)));
  const auto refused = control_->add(prefixes("198.51.100.0/24"), BlockMode::drop, kNow + hours(1));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("a worker has not taken over"), std::string::npos);
  EXPECT_FALSE(blocked(1, "192.0.2.1"));
  second_is_late_ = false;
  ASSERT_TRUE(control_->add(prefixes("198.51.100.0/24"), BlockMode::drop, kNow + hours(1)));
  EXPECT_TRUE(blocked(1, "192.0.2.1"));
  EXPECT_TRUE(blocked(1, "198.51.100.1"));
}

TEST_F(BlockControlTest, EntriesExpireByThemselves) {
  ASSERT_TRUE(control_->add(prefixes("192.0.2.0/24"), BlockMode::drop, kNow + hours(1)));
  control_->expire(kNow + minutes(59));
  EXPECT_TRUE(blocked(0, "192.0.2.1"));
  control_->expire(kNow + hours(1));
  EXPECT_FALSE(blocked(0, "192.0.2.1"));
  EXPECT_TRUE(control_->list().entries().empty());
}

TEST_F(BlockControlTest, EntriesSurviveARestartUntilTheyExpire) {
  ASSERT_TRUE(control_->add(prefixes("192.0.2.0/24"), BlockMode::drop, kNow + hours(1)));
  ASSERT_TRUE(control_->add(prefixes("2001:db8::/32"), BlockMode::refuse, kNow + hours(9)));
  open(kNow + hours(2));
  EXPECT_FALSE(blocked(0, "192.0.2.1"));
  EXPECT_TRUE(blocked(0, "2001:db8::1"));
  ASSERT_TRUE(control_->add(prefixes("198.51.100.0/24"), BlockMode::drop, kNow + hours(9)));
  EXPECT_TRUE(blocked(0, "2001:db8::1"));  // in both tables
}

TEST_F(BlockControlTest, AFullListSaysWhichKeyDecides) {
  open(kNow, 1);
  ASSERT_TRUE(control_->add(prefixes("192.0.2.0/24"), BlockMode::drop, kNow + hours(1)));
  const auto full = control_->add(prefixes("198.51.100.0/24"), BlockMode::drop, kNow + hours(1));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error(),
            "198.51.100.0/24: no room: the list has 1 of block.prefixes_max = 1 entries");
  EXPECT_TRUE(blocked(0, "192.0.2.1"));
}

TEST_F(BlockControlTest, RemovingWhatIsNotThereIsAnError) {
  EXPECT_FALSE(control_->remove(prefixes("192.0.2.0/24")));
}

TEST_F(BlockControlTest, ADamagedFileIsNamed) {
  std::ofstream(directory_ + "/blocked") << "garbage\n";
  BlockSetup setup{.path = directory_ + "/blocked", .entries_max = 1, .tables = {}};
  const auto opened = BlockControl::open(std::move(setup), kNow);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("/blocked: line 1"), std::string::npos) << opened.error();
}

}  // namespace
}  // namespace sluice::control
