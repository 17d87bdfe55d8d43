// The same octets give the same verdict whatever chunks they arrive in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/random.h"
#include "scanners/scanner.h"
#include "tests/scanners/transcript.h"

namespace sluice::scan {
namespace {

namespace fs = std::filesystem;

std::string read_as_sent(const fs::path& path) {  // lines ending in CRLF
  std::ifstream in(path, std::ios::binary);
  const std::string stored{std::istreambuf_iterator<char>(in), {}};
  std::string sent;
  sent.reserve(stored.size() + stored.size() / 32);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i] == '\n' && (i == 0 || stored[i - 1] != '\r')) sent += '\r';
    sent += stored[i];
  }
  return sent;
}

std::vector<fs::path> files_below(const fs::path& folder, std::size_t at_most) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::ranges::sort(files);
  Random random(1);
  for (std::size_t i = files.size(); i > 1; --i) std::swap(files[i - 1], files[random.below(i)]);
  files.resize(std::min(files.size(), at_most));
  return files;
}

class ScanChunking : public testing::Test {
 protected:
  ScanChunking() {
    const std::vector<std::string> files{SLUICE_SOURCE_ROOT "/tools/demo.cf"};
    // A busy machine is no reason for another verdict here.
    const ScanSettings settings{.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15},
                                .time_max = seconds(3'600)};
    scanner_ = std::make_unique<Scanner>(*RuleSet::load(files, settings), settings, 1);
  }

  // Chunks of 1 to `size_max` octets.
  Verdict verdict(std::string_view message, std::size_t size_max) {
    MessageScan* scan = scanner_->begin();
    while (!message.empty()) {
      const std::size_t size = std::min(message.size(), 1 + random_.below(size_max));
      scanner_->feed(*scan, as_bytes(message.substr(0, size)));
      message.remove_prefix(size);
    }
    const Verdict result = scanner_->finish(*scan);
    scanner_->release(*scan);
    return result;
  }

  static void expect_same(const Verdict& a, const Verdict& b) {
    EXPECT_EQ(a.scl, b.scl);
    EXPECT_EQ(a.score, b.score);
    EXPECT_EQ(a.hit_total, b.hit_total);
    EXPECT_EQ(a.hits, b.hits);
  }

  void check(const fs::path& path, std::size_t rounds) {
    SCOPED_TRACE(path.string());
    const std::string message = read_as_sent(path);
    const Verdict whole = verdict(message, SIZE_MAX);
    const std::string told = transcript_->of(message);
    for (std::size_t round = 0; round < rounds; ++round) {
      const std::size_t size_max = std::size_t{1} << random_.below(14);
      expect_same(verdict(message, size_max), whole);
      ASSERT_EQ(transcript_->of(message, size_max), told) << "chunks of " << size_max;
    }
  }

  Random random_{20'261'122};
  std::unique_ptr<Scanner> scanner_;
  std::unique_ptr<Transcript> transcript_ =
      std::make_unique<Transcript>(mime::MessageLimits{}, kAllWanted);
};

TEST_F(ScanChunking, OfHandWrittenMessagesChangesNothing) {
  const auto files = files_below(SLUICE_SOURCE_ROOT "/tests/data/scanners", SIZE_MAX);
  ASSERT_GE(files.size(), 7u);
  for (const fs::path& file : files) {
    check(file, 40);
    const std::string message = read_as_sent(file);
    const std::string told = transcript_->of(message);
    for (std::size_t cut = 0; cut <= message.size(); ++cut)
      ASSERT_EQ(transcript_->of_two(message, cut), told) << file << " cut at " << cut;
  }
}

// The corpora are not part of the repository; they are looked for unpacked or packed.
TEST_F(ScanChunking, OfTheCorporaChangesNothing) {
  const char* const shared = std::getenv("SLUICE_SHARED");
  const fs::path data = fs::path(shared ? shared : SLUICE_SOURCE_ROOT "/../shared") / "data";
  const fs::path unpacked = fs::temp_directory_path() / "sluice-corpora";
  std::size_t checked = 0;
  for (const char* name : {"mime-torture", "sa-public", "glitchy-spam-2023-2025", "dsn-bounces"}) {
    const fs::path archive = data / (std::string(name) + ".tar.zst");
    if (!fs::exists(archive)) continue;
    const fs::path folder = unpacked / name;
    if (!fs::exists(folder)) {
      fs::create_directories(unpacked);
      const std::string command =
          "zstd -dc --long=27 '" + archive.string() + "' | tar x -C '" + unpacked.string() + "'";
      ASSERT_EQ(std::system(command.c_str()), 0) << command;
    }
    for (const fs::path& file : files_below(folder, 300)) check(file, 2), ++checked;
  }
  if (checked == 0)
    GTEST_SKIP() << "NO CORPORA CHECKED: nothing below " << data << " (set SLUICE_SHARED)";
}

TEST_F(ScanChunking, OfTheDemoMessagesKeepsTheirVerdicts) {
  const fs::path folder = SLUICE_SOURCE_ROOT "/tests/data/scanners";
  EXPECT_EQ(verdict(read_as_sent(folder / "plain.eml"), 100).scl, 0);
  EXPECT_EQ(verdict(read_as_sent(folder / "gtube.eml"), 3).scl, 9);
  EXPECT_GE(verdict(read_as_sent(folder / "advance_fee.eml"), 5).scl, 7);
}

}  // namespace
}  // namespace sluice::scan
