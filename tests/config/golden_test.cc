// Each tests/data/config_errors/NAME.toml must give exactly the problems in NAME.txt.
// SLUICE_GOLDEN=update writes the .txt files anew; read the difference before committing it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/config/load.h"

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> error_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(SLUICE_TESTS_DATA "/config_errors"))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  return files;
}

TEST(ConfigGolden, EveryProblemOfAFileIsReportedWithItsPlace) {
  const auto files = error_files();
  ASSERT_GE(files.size(), 10u);
  for (const fs::path& path : files) {
    const auto result = load_text(contents(path), path.filename(), Machine{{0, 1, 2, 3}});
    ASSERT_FALSE(result) << path;
    const fs::path golden = fs::path(path).replace_extension(".txt");
    if (const char* wish = std::getenv("SLUICE_GOLDEN");
        wish != nullptr && wish == std::string_view("update"))
      std::ofstream(golden, std::ios::binary) << text_of(result.error());
    EXPECT_EQ(text_of(result.error()), contents(golden)) << path;
  }
}

}  // namespace
}  // namespace sluice::config
