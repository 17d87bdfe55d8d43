// Messages handed to threads and back: what is found comes back, blocks do too, whatever happens to
// the session in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "engine/examination/desk.h"
#include "engine/examination/examiner.h"
#include "tests/scanners/made_files.h"

namespace sluice::examination {
namespace {

using scan::attachment::Finding;

class Desks : public testing::Test {
 protected:
  explicit Desks(const config::Antivirus& antivirus = {})
      : examiner_({}, antivirus, {}, cache_),
        desk_({&examiner_}, {.jobs_max = 4, .blocks_max = 3}, {}),
        rules_(*scan::RuleSet::load({}, {})) {}
  ~Desks() override { stop(); }

  void start() {
    thread_ = std::thread([this] { examiner_.run(); });
  }
  void stop() {
    examiner_.exit();
    if (thread_.joinable()) thread_.join();
  }
  // In slices of 1,000 octets, a block each.
  Job& job_of(std::string_view message, std::uint64_t owner = 7) {
    Job* const job = desk_.begin(owner);
    SLUICE_ASSERT(job != nullptr);
    for (; !message.empty(); message.remove_prefix(std::min<std::size_t>(message.size(), 1'000))) {
      const std::string_view piece = message.substr(0, 1'000);
      BlockRef block = blocks_.acquire();
      std::memcpy(block.data(), piece.data(), piece.size());
      desk_.hold(*job, {std::move(block), 0, static_cast<std::uint32_t>(piece.size())});
    }
    return *job;
  }
  Job& completed() {
    Job* job = nullptr;
    while ((job = desk_.next_completed()) == nullptr) std::this_thread::yield();
    return *job;
  }

  BlockPool blocks_{16};
  antivirus::VerdictCache cache_{10};
  Examiner examiner_;
  Desk desk_;
  std::shared_ptr<const scan::RuleSet> rules_;
  std::thread thread_;
};

std::string message() {
  return "Content-Type: application/zip\r\n\r\n" + test::zip_of("a.exe", std::string(1'500, 'x')) +
         "\r\n" + std::string(1'000, 'y');
}

TEST_F(Desks, WhatIsFoundComesBackAndBlocksDoToo) {
  start();
  desk_.submit(job_of(message()), rules_);
  Job& job = completed();
  EXPECT_EQ(job.owner, 7u);
  EXPECT_TRUE(job.result.report.findings.has(Finding::runs_by_name));
  EXPECT_FALSE(job.result.scanned);
  EXPECT_LT(blocks_.available(), 16u);  // they are the worker's to store anew
  desk_.end(job);
  EXPECT_EQ(blocks_.available(), 16u);
  EXPECT_TRUE(desk_.idle());
  EXPECT_EQ(desk_.held(), 0u);
}

TEST_F(Desks, AMessageThatFindsNoRoomGivesBackWhatItHeld) {
  Job& job = job_of(std::string(5'000, 'x'));
  EXPECT_TRUE(job.incomplete);
  EXPECT_EQ(job.octets, 5'000u);
  EXPECT_EQ(blocks_.available(), 16u);
  start();
  desk_.submit(job, rules_);
  EXPECT_TRUE(completed().result.report.findings.has(Finding::limit));
  desk_.end(job);
}

TEST_F(Desks, AJobThatIsGivenUpWhileItIsAwayComesHomeByItself) {
  Job& first = job_of(message());
  desk_.submit(first, rules_);
  desk_.end(first);
  Job& second = job_of("x", 8);
  desk_.submit(second, rules_);
  start();
  EXPECT_EQ(completed().owner, 8u);
  desk_.end(second);
  EXPECT_EQ(blocks_.available(), 16u);
  for (int i = 0; i < 4; ++i) EXPECT_NE(desk_.begin(1), nullptr);  // all places are free
  EXPECT_EQ(desk_.begin(1), nullptr);
}

TEST_F(Desks, ClosingTakesBackWhatIsAway) {
  for (int i = 0; i < 3; ++i) desk_.submit(job_of("x"), rules_);
  start();
  desk_.close();
  EXPECT_TRUE(desk_.idle());
  EXPECT_EQ(blocks_.available(), 16u);
}

// An engine that takes connections and says nothing.
struct HungEngine {
  HungEngine() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const bool listens = bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                         listen(socket, 16) == 0;
    SLUICE_ASSERT(listens);
  }
  ~HungEngine() {
    close(socket);
    std::filesystem::remove(path);
  }
  bool was_asked() const {
    const int connection = accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) close(connection);
    return connection >= 0;
  }
  std::string path = testing::TempDir() + "hung" + std::to_string(getpid());
  int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
};

struct OfHungEngine {
  HungEngine hung_;  // before the examiner that asks it
};

class HungDesks : OfHungEngine, public Desks {
 protected:
  HungDesks()
      : Desks({.engine = config::VirusEngine::clamd,
               .server = hung_.path,
               .timeout = milliseconds(20)}) {}
  using OfHungEngine::hung_;
  static void pass_the_timeout() {
    const Instant until = SystemClock().now() + milliseconds(30);
    while (SystemClock().now() < until) std::this_thread::yield();
  }
};

TEST_F(HungDesks, WhatHasWaitedForLongerThanTheTimeoutComesBackAtOnce) {
  for (std::uint64_t i = 0; i < 3; ++i) desk_.submit(job_of(message().substr(0, 900), i), rules_);
  pass_the_timeout();
  start();
  for (std::uint64_t i = 0; i < 3; ++i) {
    Job& job = completed();
    EXPECT_EQ(job.owner, i);
    EXPECT_TRUE(job.result.scanned);
    EXPECT_EQ(job.result.virus, antivirus::Outcome::failed);
    EXPECT_EQ(job.result.text, kWaitedTooLong);
    EXPECT_TRUE(job.result.report.findings.has(Finding::not_scanned));
    EXPECT_TRUE(job.result.report.findings.has(Finding::runs_by_name));  // that needs no engine
    desk_.end(job);
  }
  EXPECT_FALSE(hung_.was_asked());
}

TEST_F(HungDesks, NobodyIsAskedAboutWhatNobodyWaitsFor) {
  for (std::uint64_t i = 0; i < 3; ++i) {
    Job& job = job_of("x", i);
    desk_.submit(job, rules_);
    desk_.end(job);
  }
  start();
  while (!desk_.idle()) {
    EXPECT_EQ(desk_.next_completed(), nullptr);
    std::this_thread::yield();
  }
  EXPECT_FALSE(hung_.was_asked());
}

TEST_F(HungDesks, WhatComesBackBecauseOfAStopWasNotScanned) {
  desk_.submit(job_of("x"), rules_);
  examiner_.stop();
  start();
  Job& job = completed();
  EXPECT_TRUE(job.result.scanned);
  EXPECT_EQ(job.result.virus, antivirus::Outcome::failed);
  EXPECT_EQ(job.result.text, kStopping);
  EXPECT_TRUE(job.result.report.findings.has(Finding::not_scanned));
  desk_.end(job);
}

TEST(VerdictCaches, AreBoundedAndForgetWhatAnOldDatabaseSaid) {
  antivirus::VerdictCache cache(2);
  const auto key = [](std::uint8_t octet) { return antivirus::VerdictCache::Key{octet}; };
  cache.put(key(1), "v1", "");
  cache.put(key(2), "v1", "Virus");
  EXPECT_EQ(cache.find(key(1), "v1"), "");
  cache.put(key(3), "v1", "");  // the one used last stays
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(cache.find(key(2), "v1"), std::nullopt);
  EXPECT_EQ(cache.find(key(1), "v1"), "");
  EXPECT_EQ(cache.find(key(1), "v2"), std::nullopt);
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace sluice::examination
