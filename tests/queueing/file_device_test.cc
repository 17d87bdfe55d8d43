#include "queueing/file_device.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "queueing/inspect.h"
#include "tests/support/queue_fixture.h"
#include "tests/support/temporary_directory.h"

namespace sluice::queueing {

struct FileDeviceTest : testing::TestWithParam<bool> {
  TemporaryDirectory directory;
  std::unique_ptr<LogDevice> device = make_file_device(GetParam());
  QueueBench queue{*device, directory.path() + "/spool/shard-0"};

  void settle() {
    ASSERT_TRUE(poll_until(queue, [&] { return queue.shard->idle(); }));
  }
};

TEST_P(FileDeviceTest, CommittedMessagesAreThereAfterReopening) {
  queue.open();
  for (Mid mid = 1; mid <= 40; ++mid) {
    ASSERT_TRUE(queue.submit(mid, mid * 1'000));
    if (mid % 8 == 0) settle();
  }
  settle();
  for (Mid mid = 1; mid <= 40; ++mid) EXPECT_TRUE(queue.accepted(mid));
  queue.reopen();
  for (Mid mid = 1; mid <= 40; ++mid) queue.expect_whole(mid, mid * 1'000);
}

TEST_P(FileDeviceTest, SegmentsAreRecycledUnderLoad) {
  queue.open();
  for (Mid mid = 1; mid <= 300; ++mid) {
    ASSERT_TRUE(queue.submit(mid, 10'000)) << mid;
    ASSERT_TRUE(poll_until(queue, [&] { return queue.accepted(mid); }));
    queue.deliver(mid);
  }
  settle();
  EXPECT_LE(queue.shard->counts().bytes_on_disk, 8 * queue.options.segment_bytes);
  queue.reopen();
  EXPECT_EQ(queue.shard->counts().messages, 0u);
  EXPECT_EQ(queue.shard->highest_mid(), 300u);
}

TEST_P(FileDeviceTest, NobodyElseMayReadTheQueue) {
  queue.open();
  struct stat status;
  ASSERT_EQ(stat(queue.options.directory.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(queue.options.directory)) {
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_P(FileDeviceTest, SecondProcessIsRefusedWithAReason) {
  queue.open();
  auto other = make_file_device(GetParam());
  auto opened = Shard::open(queue.options, *other);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("in use by process " + std::to_string(getpid())), std::string::npos)
      << opened.error();
}

TEST_P(FileDeviceTest, ALookAtTheFilesIsRefusedWhileAnEngineRuns) {
  queue.open();
  EXPECT_FALSE(Inspection::open(queue.options.directory));
  queue.close();
  EXPECT_TRUE(Inspection::open(queue.options.directory));
}

TEST_P(FileDeviceTest, AnEngineWaitsForThoseThatOnlyLook) {
  queue.open();
  queue.close();
  auto first = Inspection::open(queue.options.directory);
  auto second = Inspection::open(queue.options.directory);
  ASSERT_TRUE(first && second);
  std::jthread ends([&] {
    first->reset();
    second->reset();
  });
  queue.open();
}

std::set<int> threads_of_this_process() {
  std::set<int> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    threads.insert(std::stoi(entry.path().filename().string()));
  return threads;
}

TEST_P(FileDeviceTest, ItsThreadsKeepOffTheCpuOfThePollingThread) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  if (CPU_COUNT(&before) < 2 || !CPU_ISSET(0, &before) || !CPU_ISSET(1, &before))
    GTEST_SKIP() << "needs CPUs 0 and 1: NOT TESTED HERE";
  const std::set<int> others = threads_of_this_process();
  cpu_set_t polling;
  CPU_ZERO(&polling);
  CPU_SET(1, &polling);
  ASSERT_EQ(sched_setaffinity(0, sizeof polling, &polling), 0);

  auto apart = make_file_device(GetParam(), std::vector<unsigned>{0});
  QueueBench pinned(*apart, directory.path() + "/spool/shard-1");
  pinned.open();
  ASSERT_TRUE(pinned.submit(1, 1'000));
  EXPECT_TRUE(poll_until(pinned, [&] { return pinned.accepted(1); }));
  int helpers = 0;
  for (const int thread : threads_of_this_process()) {
    cpu_set_t allowed;
    if (others.contains(thread) || sched_getaffinity(thread, sizeof allowed, &allowed) != 0)
      continue;
    ++helpers;
    EXPECT_TRUE(CPU_COUNT(&allowed) == 1 && CPU_ISSET(0, &allowed));
  }
  EXPECT_GE(helpers, 1);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

INSTANTIATE_TEST_SUITE_P(Both, FileDeviceTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "IoUring" : "Threads"; });

TEST(FileDeviceOnTmpfs, FullFileSystemRefusesMailAndTakesItAgain) {
  TemporaryDirectory directory;
  if (mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=2m") != 0)
    GTEST_SKIP() << "needs the right to mount a tmpfs (root): NOT TESTED HERE";
  {
    auto device = make_file_device(true);
    QueueBench queue(*device, directory.path() + "/shard-0");
    queue.open();
    Mid mid = 0;
    std::expected<void, QueueError> result;
    while ((result = queue.submit(++mid, 10'000)) && mid < 1'000)
      poll_until(queue, [&] { return queue.shard->idle(); });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), QueueError::disk_full);
    for (Mid done = 1; done < mid; ++done) queue.deliver(done);
    EXPECT_TRUE(poll_until(queue, [&] { return queue.submit(5'000, 10'000).has_value(); }));
    EXPECT_TRUE(poll_until(queue, [&] { return queue.accepted(5'000); }));
  }
  umount(directory.path().c_str());
}

TEST(InspectTest, ListsAndReadsMessagesWhileNoEngineRuns) {
  TemporaryDirectory directory;
  auto device = make_file_device(true);
  QueueBench queue(*device, directory.path() + "/shard-0");
  queue.open();
  ASSERT_TRUE(queue.submit(3, 40'000));
  ASSERT_TRUE(queue.submit(4, 10));
  ASSERT_TRUE(poll_until(queue, [&] { return queue.shard->idle(); }));
  EXPECT_FALSE(Inspection::open(queue.options.directory)) << "the engine still runs";
  queue.close();
  auto inspection = Inspection::open(queue.options.directory);
  ASSERT_TRUE(inspection) << inspection.error();
  ASSERT_NE((*inspection)->find(3), nullptr);
  EXPECT_EQ((*inspection)->find(3)->icid, 10u);
  auto body = (*inspection)->read_body(3);
  ASSERT_TRUE(body) << body.error();
  EXPECT_EQ(*body, body_of(3, 40'000));
  EXPECT_FALSE((*inspection)->read_body(5));
}

TEST(InspectTest, ChangesNothingAndMakesNothing) {
  TemporaryDirectory directory;
  EXPECT_FALSE(Inspection::open(directory.path() + "/missing"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() + "/missing"));
}

}  // namespace sluice::queueing
