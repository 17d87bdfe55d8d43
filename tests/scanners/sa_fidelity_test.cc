// What SpamAssassin says of messages written for it (tests/data/fidelity), and what we say: the
// same. bench/fidelity compares far more, but needs SpamAssassin and the corpora.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "scanners/spamassassin/whole_message.h"

namespace sluice::scan::sa {
namespace {

const std::string kData = SLUICE_SOURCE_ROOT "/tests/data/fidelity/";

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, std::string> expected_hits() {
  std::map<std::string, std::string> expected;
  std::istringstream lines(content_of(kData + "expected.txt"));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string file;
    words >> file;
    const std::set<std::string> rules{std::istream_iterator<std::string>(words), {}};
    for (const std::string& rule : rules) expected[file] += rule + "\n";
    if (rules.empty()) expected[file] = "";
  }
  return expected;
}

TEST(SaFidelity, HitsThatSpamAssassinHits) {
  config::Problems problems;
  const std::vector<std::string> paths{kData + "rules.cf"};
  auto program = Program::compile(read_rule_book(paths, problems), {}, problems);
  EXPECT_EQ(config::text_of(problems), "");
  EXPECT_TRUE(program->unsupported().empty());
  WholeMessageScanner scanner(program, {});
  const auto expected = expected_hits();
  EXPECT_GT(expected.size(), 10U);
  for (const auto& [file, rules] : expected) {
    std::set<std::string> names;
    for (const auto& hit : scanner.scan(as_bytes(content_of(kData + file))).hits)
      names.insert(program->rule(hit.rule).name);
    std::string hits;
    for (const std::string& name : names) hits += name + "\n";
    EXPECT_EQ(hits, rules) << file;
  }
}

}  // namespace
}  // namespace sluice::scan::sa
