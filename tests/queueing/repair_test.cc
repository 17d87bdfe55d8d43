// Files that were damaged while no engine ran: what is found, what repair does about it, and that
// it deletes nothing. Versions of the format: newer refused, older upgraded when asked to.
#include "queueing/repair.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "queueing/file_device.h"
#include "queueing/inspect.h"
#include "queueing/record.h"
#include "tests/support/queue_fixture.h"
#include "tests/support/temporary_directory.h"

namespace sluice::queueing {

namespace fs = std::filesystem;

struct RepairTest : testing::Test {
  TemporaryDirectory folder;
  const std::string directory = folder.path() + "/shard-0";
  std::unique_ptr<LogDevice> device = make_file_device(false);
  QueueBench queue{*device, directory};

  void SetUp() override {
    queue.open();
    for (Mid mid = 1; mid <= 5; ++mid) {
      ASSERT_TRUE(queue.submit(mid, 9'000));
      ASSERT_TRUE(poll_until(queue, [&] { return queue.accepted(mid); }));
    }
    ASSERT_TRUE(poll_until(queue, [&] { return queue.shard->idle(); }));
    queue.close();
  }

  std::string path() const { return directory + "/segment-000000"; }
  static std::string octets_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void overwrite(std::size_t at, std::string_view octets) const {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  }
  std::size_t body_at(Mid mid) const { return octets_of(path()).find(body_of(mid, 9'000)); }
  bool sound() const {
    auto inspection = Inspection::open(directory);
    EXPECT_TRUE(inspection) << inspection.error();
    return inspection && (*inspection)->report().sound();
  }
  std::map<std::string, std::string> all_files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory))
      if (entry.is_regular_file() && entry.path().filename() != "lock")
        files[entry.path()] = octets_of(entry.path());
    return files;
  }
  void set_version(std::uint32_t version, bool with_copy) const {
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (!entry.path().filename().string().starts_with("segment-")) continue;
      std::string octets = octets_of(entry.path());
      if (!with_copy) octets.resize(octets.size() - kSegmentHeaderBytes);
      for (const std::size_t at : {std::size_t{0}, kHeaderCopyOffset})
        octets[at + 8] = static_cast<char>(version);
      std::ofstream(entry.path(), std::ios::binary | std::ios::trunc) << octets;
    }
  }
};

TEST_F(RepairTest, ASoundQueueIsFoundSoundAndLeftAsItIs) {
  EXPECT_TRUE(sound());
  const auto before = all_files();
  const auto deeds = repair(directory, false);
  ASSERT_TRUE(deeds) << deeds.error();
  EXPECT_TRUE(deeds->empty());
  EXPECT_EQ(all_files(), before);
}

TEST_F(RepairTest, DamagedRecordIsSetAsideAndTheRestIsThere) {
  const std::size_t at = body_at(2) + 100;
  overwrite(at, "XYZ");
  EXPECT_FALSE(sound());
  const auto before = all_files();
  const auto planned = repair(directory, true);
  ASSERT_TRUE(planned) << planned.error();
  EXPECT_EQ(all_files(), before) << "a dry run changes nothing";
  const auto deeds = repair(directory, false);
  ASSERT_TRUE(deeds) << deeds.error();
  EXPECT_EQ(*deeds, *planned);
  EXPECT_EQ(deeds->size(), 3u) << "the message, its commit, its chunk";
  EXPECT_TRUE(sound());

  // Nothing was deleted: the damaged octets, and what is left of the message.
  std::string aside;
  for (const auto& [name, octets] : all_files())
    if (name.find("/damaged/segment-") != std::string::npos) aside += octets;
  EXPECT_NE(aside.find("XYZ" + body_of(2, 9'000).substr(103, 200)), std::string::npos);
  const std::string left = octets_of(directory + "/damaged/mid-2.eml");
  EXPECT_NE(left.find("X-Sluice-Sender: <sender2@example.com>"), std::string::npos);
  EXPECT_NE(left.find("X-Sluice-Recipient: <to0@example.net>"), std::string::npos);
  EXPECT_NE(left.find("octets are missing here"), std::string::npos);
  struct stat status;
  ASSERT_EQ(stat((directory + "/damaged").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);

  queue.open();
  for (const Mid mid : {1, 3, 4, 5}) queue.expect_whole(mid, 9'000);
  EXPECT_EQ(queue.shard->find(2), nullptr);
  EXPECT_TRUE(queue.shard->recovery()->notes.empty());
}

TEST_F(RepairTest, DamagedHeadIsWrittenAgainFromItsCopy) {
  overwrite(0, std::string(kSegmentHeaderBytes, 'x'));
  EXPECT_FALSE(sound());
  const auto deeds = repair(directory, false);
  ASSERT_TRUE(deeds) << deeds.error();
  EXPECT_EQ(deeds->size(), 1u);
  EXPECT_TRUE(sound());
  queue.open();
  for (Mid mid = 1; mid <= 5; ++mid) queue.expect_whole(mid, 9'000);
}

TEST_F(RepairTest, FileWithoutAnyHeadIsMovedAway) {
  overwrite(0, std::string(kSegmentHeaderBytes, 'x'));
  overwrite(fs::file_size(path()) - kSegmentHeaderBytes, std::string(kSegmentHeaderBytes, 'x'));
  const std::string before = octets_of(path());
  EXPECT_FALSE(sound());
  ASSERT_TRUE(repair(directory, false));
  EXPECT_FALSE(fs::exists(path()));
  EXPECT_EQ(octets_of(directory + "/damaged/segment-000000"), before);
  EXPECT_TRUE(sound());
}

TEST_F(RepairTest, ARunningEngineIsNamedAndNothingIsDone) {
  queue.open();
  const auto deeds = repair(directory, false);
  ASSERT_FALSE(deeds);
  EXPECT_NE(deeds.error().find("in use by process"), std::string::npos) << deeds.error();
}

TEST_F(RepairTest, NewerFormatIsRefusedByNameAndLeftAlone) {
  set_version(kFormatVersion + 1, true);
  const auto before = all_files();
  auto opened = Shard::open(queue.options, *device);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find(" has format version 3"), std::string::npos) << opened.error();
  EXPECT_FALSE(Inspection::open(directory));
  EXPECT_FALSE(repair(directory, false));
  EXPECT_EQ(all_files(), before);
}

TEST_F(RepairTest, OlderFormatIsUpgradedWhenAskedTo) {
  set_version(1, false);
  auto opened = Shard::open(queue.options, *device);
  ASSERT_FALSE(opened) << "never by itself";
  EXPECT_NE(opened.error().find("sluice upgrade"), std::string::npos) << opened.error();
  EXPECT_TRUE(sound()) << "it can be read";
  const auto before = all_files();
  const auto planned = upgrade(directory, true);
  ASSERT_TRUE(planned && !planned->empty());
  EXPECT_EQ(all_files(), before);
  EXPECT_EQ(versions_in(directory).at("1"), planned->size());
  const auto deeds = upgrade(directory, false);
  ASSERT_TRUE(deeds) << deeds.error();
  EXPECT_EQ(*deeds, *planned);
  EXPECT_EQ(versions_in(directory).at("2"), planned->size());
  EXPECT_TRUE(upgrade(directory, false)->empty());
  overwrite(0, std::string(kSegmentHeaderBytes, 'x'));  // the copy is there now
  queue.open();
  for (Mid mid = 1; mid <= 5; ++mid) queue.expect_whole(mid, 9'000);
}

}  // namespace sluice::queueing
