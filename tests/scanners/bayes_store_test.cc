// The classifier's database: counts that stay right whatever happens to who writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "scanners/bayes/store.h"

namespace sluice::scan::bayes {
namespace {

constexpr std::uint64_t kDatabaseBytes = 64UL * 1024 * 1024;
constexpr std::uint32_t kToday = 20'000;

class BayesStore : public testing::Test {
 protected:
  BayesStore() : folder_(testing::TempDir() + "bayes_store") {
    std::filesystem::remove_all(folder_);
  }
  ~BayesStore() override { std::filesystem::remove_all(folder_); }

  Store open() {
    auto store = Store::open(folder_, Store::Access::write, kDatabaseBytes);
    EXPECT_TRUE(store) << store.error();
    return std::move(*store);
  }
  static Learned learn(Store& store, Learn what, Token identity, std::vector<Token> tokens) {
    auto batch = store.begin(kToday);
    const auto outcome = batch->learn(what, identity, tokens);
    EXPECT_TRUE(outcome && batch->commit());
    return *outcome;
  }
  static Counts learned(const Store& store) { return store.facts()->learned; }

  std::string folder_;
};

TEST_F(BayesStore, CountsAMessageOnceAndUndoesWhatWasWrong) {
  Store store = open();
  EXPECT_EQ(learn(store, Learn::spam, 1, {10, 11}), Learned::added);
  EXPECT_EQ(learn(store, Learn::spam, 1, {10, 11}), Learned::known);
  EXPECT_EQ(learned(store).spam, 1U);
  EXPECT_EQ(learn(store, Learn::ham, 1, {10, 11}), Learned::changed);
  EXPECT_EQ(learned(store).spam, 0U);
  EXPECT_EQ(learned(store).ham, 1U);
  EXPECT_EQ(store.facts()->tokens, 2U);
  EXPECT_EQ(learn(store, Learn::forget, 1, {10, 11}), Learned::forgotten);
  EXPECT_EQ(learn(store, Learn::forget, 1, {10, 11}), Learned::unknown);
  EXPECT_EQ(learned(store).ham, 0U);
  EXPECT_EQ(store.facts()->tokens, 0U);
}

TEST_F(BayesStore, WhatIsNotCommittedIsNotThere) {
  Store store = open();
  const auto before = store.revision();
  {
    auto batch = store.begin(kToday);
    ASSERT_TRUE(batch->learn(Learn::spam, 1, std::vector<Token>{1, 2, 3}));
  }
  EXPECT_EQ(learned(store).spam, 0U);
  EXPECT_EQ(store.revision(), before);
  learn(store, Learn::spam, 1, {1, 2, 3});
  EXPECT_NE(store.revision(), before);
}

// A process that is killed while it learns leaves what was committed, whole and readable.
TEST_F(BayesStore, OutlivesAWriterThatIsKilled) {
  for (const int commits : {1, 7, 40}) {
    std::filesystem::remove_all(folder_);
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto store = Store::open(folder_, Store::Access::write, kDatabaseBytes);
      for (Token identity = 1; store; ++identity) {
        auto batch = store->begin(kToday);
        std::vector<Token> tokens(200);
        for (Token i = 0; i < tokens.size(); ++i) tokens[i] = 1 + mix(identity, i) % 5'000;
        std::ranges::sort(tokens);
        tokens.erase(std::ranges::unique(tokens).begin(), tokens.end());
        if (!batch || !batch->learn(Learn::spam, identity, tokens)) ::_exit(1);
        if (identity % 3 != 0 && !batch->commit()) ::_exit(1);  // some are under way when it ends
        if (::write(ready[1], "x", 1) != 1) ::_exit(1);
      }
      ::_exit(1);
    }
    ASSERT_GT(child, 0);
    ::close(ready[1]);
    char byte = 0;
    for (int i = 0; i < commits; ++i) ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ::close(ready[0]);
    EXPECT_TRUE(WIFSIGNALED(status));
    Store store = open();  // to write again
    const Counts counts = learned(store);
    EXPECT_GE(counts.spam, static_cast<std::uint32_t>(commits - commits / 3));
    // As many messages as are known, each once: nothing is half there.
    std::uint32_t known = 0;
    auto batch = store.begin(kToday);
    for (Token identity = 1; identity < counts.spam * 2 + 10; ++identity)
      known += *batch->knows(identity);
    EXPECT_EQ(known, counts.spam);
  }
}

TEST_F(BayesStore, IsReadWhileItIsWrittenAndAfterwards) {
  {
    Store store = open();
    for (Token identity = 0; identity < 400; ++identity)
      learn(store, identity % 2 == 0 ? Learn::spam : Learn::ham, identity,
            {identity % 2 + 1, 50, 1'000 + identity});
  }
  const auto store = Store::open(folder_, Store::Access::read, 0);
  ASSERT_TRUE(store) << store.error();
  const auto model = store->model({});
  ASSERT_TRUE(model) << model.error();
  EXPECT_TRUE((*model)->ready());
  EXPECT_NE((*model)->find(1), nullptr);
  EXPECT_NE((*model)->find(2), nullptr);
  EXPECT_EQ((*model)->find(50), nullptr);
}

TEST_F(BayesStore, ForgetsTokensThatOneMessageHadLongAgo) {
  Store store = open();
  learn(store, Learn::spam, 1, {1, 2});
  learn(store, Learn::spam, 2, {2, 3});
  auto batch = store.begin(kToday);
  EXPECT_EQ(*batch->expire(kToday), 0U);
  EXPECT_EQ(*batch->expire(kToday + 1), 2U);
  ASSERT_TRUE(batch->commit());
  EXPECT_EQ(store.facts()->tokens, 1U);
}

TEST_F(BayesStore, SaysWhatIsWrongWithAFolder) {
  const auto missing = Store::open(folder_ + "/none", Store::Access::read, 0);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error(), testing::HasSubstr("nothing was learned there"));
  std::filesystem::create_directories(folder_);
  std::ofstream(folder_ + "/data.mdb") << std::string(8'192, 'x');
  const auto broken = Store::open(folder_, Store::Access::read, 0);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error(), testing::HasSubstr(folder_));
}

TEST_F(BayesStore, SaysWhenItIsFull) {
  auto store = Store::open(folder_, Store::Access::write, 1024UL * 1024);
  ASSERT_TRUE(store) << store.error();
  std::vector<Token> tokens(100'000);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = mix(i, 7);
  auto batch = store->begin(kToday);
  const auto outcome = batch->learn(Learn::spam, 1, tokens);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error(), testing::HasSubstr("bayes.database_bytes_max"));
}

}  // namespace
}  // namespace sluice::scan::bayes
