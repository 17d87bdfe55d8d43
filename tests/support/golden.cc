#include "tests/support/golden.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace sluice::test {
namespace {

using Rows = std::vector<std::string>;

Rows read_rows(const std::string& path) {
  Rows rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) rows.push_back(line);
  return rows;
}

bool contains(const Rows& rows, const std::string& row) {
  return std::find(rows.begin(), rows.end(), row) != rows.end();
}

std::string missing_from(const Rows& there, const Rows& rows, const char* mark) {
  std::string text;
  for (const std::string& row : rows)
    if (!contains(there, row)) text += mark + row + "\n";
  return text;
}

}  // namespace

std::string compare_golden(const std::string& name, const Rows& rows) {
  const std::string path = SLUICE_GOLDEN_FOLDER "/" + name;
  const char* wish = std::getenv("SLUICE_GOLDEN");
  if (wish != nullptr && std::string_view(wish) == "update") {
    std::ofstream file(path);
    for (const std::string& row : rows) file << row << '\n';
    return file ? "" : path + " cannot be written\n";
  }
  const Rows golden = read_rows(path);
  if (!kSlowBuild && rows == golden) return {};
  const std::string gained = missing_from(golden, rows, "+ ");
  const std::string lost = kSlowBuild ? "" : missing_from(rows, golden, "- ");
  if (kSlowBuild && gained.empty()) return {};
  return name + " (- as it is kept, + as it is now):\n" + lost + gained;
}

}  // namespace sluice::test
