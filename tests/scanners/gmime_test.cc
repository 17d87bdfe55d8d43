// The parts of real and of twisted messages, as GMime sees them: same types, same decoded octets,
// or a reason listed in gmime_reasons.txt. GMIME_MESSAGES: how many of each corpus, 300 otherwise.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/base/random.h"
#include "tests/scanners/gmime_parts.h"

namespace sluice::scan {
namespace {

namespace fs = std::filesystem;

std::string contents_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> read_reasons() {
  std::map<std::string, std::string> reasons;
  std::ifstream in(SLUICE_SOURCE_ROOT "/tests/scanners/gmime_reasons.txt");
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::string key = line.substr(0, line.find(' '));
    reasons[key] = line.substr(line.find_first_not_of(' ', key.size()));
  }
  return reasons;
}

class GmimeParts : public testing::Test {
 protected:
  static void SetUpTestSuite() { g_mime_init(); }

  bool has_reason(const fs::path& path) {
    bool found = false;
    ours_.anomalies().for_each([&](mime::Anomaly anomaly) {
      found = found || reasons_.contains(std::string(mime::anomaly_name(anomaly)));
    });
    for (const auto& [key, reason] : reasons_) found = found || path.string().ends_with(key);
    return found;
  }

  void compare(const fs::path& path) {
    const std::string message = contents_of(path);
    const auto expected = gmime_parts(message);
    const auto parts = ours_.of(message);
    ++compared_;
    if (parts == expected) return;
    ++different_;
    if (has_reason(path)) return;
    ADD_FAILURE() << path << ": " << parts.size() << " parts, GMime has " << expected.size();
    for (std::size_t i = 0; i < std::min(parts.size(), expected.size()); ++i)
      if (parts[i] != expected[i]) {
        EXPECT_EQ(parts[i].type, expected[i].type) << i;
        EXPECT_EQ(parts[i].octets.size(), expected[i].octets.size()) << i;
        break;
      }
  }

  OurParts ours_;
  std::map<std::string, std::string> reasons_ = read_reasons();
  std::size_t compared_ = 0;
  std::size_t different_ = 0;
};

TEST_F(GmimeParts, OfHandWrittenMessagesAreTheSame) {
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/tests/data/scanners"))
    if (entry.is_regular_file()) compare(entry.path());
  EXPECT_GE(compared_, 7u);
}

// The corpora are not part of the repository; they are looked for packed and unpacked.
TEST_F(GmimeParts, OfTheCorporaAreTheSameOrHaveAReason) {
  const char* const shared = std::getenv("SLUICE_SHARED");
  const char* const many = std::getenv("GMIME_MESSAGES");
  const std::size_t most = many == nullptr ? 300 : std::strtoul(many, nullptr, 10);
  const fs::path data = fs::path(shared ? shared : SLUICE_SOURCE_ROOT "/../shared") / "data";
  const fs::path unpacked = fs::temp_directory_path() / "sluice-corpora";
  for (const char* name :
       {"mime-torture", "sa-public", "glitchy-spam-2023-2025", "dsn-bounces", "csdmc2010",
        "enron-skilling", "filter-test-messages", "lists-ham-2021-2026", "phishing-pot"}) {
    const fs::path archive = data / (std::string(name) + ".tar.zst");
    if (!fs::exists(archive)) continue;
    if (!fs::exists(unpacked / name)) {
      fs::create_directories(unpacked);
      const std::string command =
          "zstd -dc --long=27 '" + archive.string() + "' | tar x -C '" + unpacked.string() + "'";
      ASSERT_EQ(std::system(command.c_str()), 0) << command;
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(unpacked / name)) {
      const std::string suffix = entry.path().extension();
      if (entry.is_regular_file() && suffix != ".json" && suffix != ".ref")
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    Random random(1);
    for (std::size_t i = files.size(); i > 1; --i) std::swap(files[i - 1], files[random.below(i)]);
    files.resize(std::min(files.size(), most));
    for (const fs::path& file : files) compare(file);
  }
  if (compared_ == 0)
    GTEST_SKIP() << "NO CORPORA COMPARED: nothing below " << data << " (set SLUICE_SHARED)";
  RecordProperty("compared", static_cast<int>(compared_));
  RecordProperty("different", static_cast<int>(different_));
  EXPECT_LT(different_ * 4, compared_);
}

}  // namespace
}  // namespace sluice::scan
