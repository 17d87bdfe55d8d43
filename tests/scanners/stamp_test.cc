#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanners/stamp.h"

namespace sluice::scan {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

// Names as no rule file would let them through.
class NamedRules final : public RuleSet {
 public:
  explicit NamedRules(std::vector<std::string> names) : names_(std::move(names)) {}
  std::size_t size() const noexcept override { return names_.size(); }
  std::string_view name(std::uint16_t rule) const noexcept override { return names_[rule]; }
  double score(std::uint16_t) const noexcept override { return 1.25; }
  std::string_view description(std::uint16_t) const noexcept override { return {}; }
  const std::vector<std::string>& notes() const noexcept override { return names_; }
  const attachment::AttachmentRules& attachment_rules() const noexcept override { return none_; }

 private:
  std::vector<std::string> names_;
  attachment::AttachmentRules none_;
};

std::string stamps(const Verdict& verdict, const RuleSet& rules, std::size_t room = 4'096) {
  std::string out(room, '\0');
  out.resize(write_stamps(verdict, rules, verdict.scl >= 6, out));
  return out;
}

Verdict all_hit(std::size_t count) {
  Verdict verdict{.scl = 5, .score = 5.25, .hit_total = static_cast<std::uint16_t>(count)};
  verdict.hit_count = static_cast<std::uint16_t>(std::min(count, kHitsMax));
  for (std::uint16_t i = 0; i < verdict.hit_count; ++i) verdict.hits[i] = i;
  return verdict;
}

void expect_header_lines(const std::string& text) {
  EXPECT_THAT(text, EndsWith("\r\n"));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    ASSERT_NE(end, text.npos);
    EXPECT_LT(end - at, 78u);
    EXPECT_GT(end - at, 1u);
    EXPECT_TRUE(text[at] == 'X' || text[at] == '\t') << text;
    EXPECT_EQ(text.substr(at, end - at).find_first_of("\r\n"), std::string::npos);
    at = end + 2;
  }
}

std::string antispam_report(const Verdict& verdict, std::string_view source) {
  std::string out(1'000, '\0');
  out.resize(write_antispam_report(verdict, source, out));
  expect_header_lines(out);
  return out;
}

TEST(Stamp, TheAntispamReportHasWhatApplies) {
  EXPECT_EQ(antispam_report({.scl = 5}, "192.0.2.1"),
            "X-Sluice-Antispam-Report: SCL:5;OrigIP:192.0.2.1\r\n");
  EXPECT_EQ(antispam_report({.scl = 9, .blocked = true}, ""),
            "X-Sluice-Antispam-Report: SCL:9;CW:CustomList\r\n");
  EXPECT_EQ(antispam_report({.scl = 0, .allowed = true, .malformed = true},
                            "2001:db8:1111:2222:3333:4444:5555:6666"),
            "X-Sluice-Antispam-Report: SCL:0;CW:CustomList;MIME:MimeCompliance;\r\n"
            "\tMessageSecurityAntispamBypass;OrigIP:2001:db8:1111:2222:3333:4444:5555:6666\r\n");
  std::string small(255, '\0');
  EXPECT_EQ(write_antispam_report({}, "192.0.2.1", small), 0u);
}

TEST(Stamp, TellsSclScoreAndRules) {
  const NamedRules rules({"A", "B"});
  EXPECT_EQ(stamps(all_hit(2), rules),
            "X-Sluice-SCL: 5\r\nX-Sluice-Report: score=5.2 rules=A(1.2),B(1.2)\r\n");
  EXPECT_EQ(stamps({.scl = -1, .score = -0.5}, rules),
            "X-Sluice-SCL: -1\r\nX-Sluice-Report: score=-0.5 rules=none\r\n");
}

TEST(Stamp, SpamIsFlaggedForThoseWhoSortByIt) {
  const NamedRules rules({"A"});
  Verdict verdict = all_hit(1);
  verdict.scl = 6;
  EXPECT_EQ(stamps(verdict, rules),
            "X-Spam-Flag: YES\r\nX-Sluice-SCL: 6\r\nX-Sluice-Report: score=5.2 rules=A(1.2)\r\n");
}

TEST(Stamp, FoldsLongLists) {
  const NamedRules rules(std::vector<std::string>(64, "SOME_RULE_NAME"));
  const std::string text = stamps(all_hit(64), rules);
  expect_header_lines(text);
  EXPECT_EQ(std::ranges::count(text, '('), 64);
}

TEST(Stamp, CountsTheRulesThatDoNotFit) {
  const NamedRules rules(std::vector<std::string>(64, std::string(48, 'N')));
  EXPECT_THAT(stamps(all_hit(70), rules), HasSubstr(" and 6 more\r\n"));
  for (std::size_t room = 0; room < 3'000; room += 7) {
    const std::string text = stamps(all_hit(70), rules, room);
    if (room < kStampBytesMin) {
      EXPECT_EQ(text, "");
      continue;
    }
    expect_header_lines(text);
    EXPECT_THAT(text, HasSubstr(" more\r\n"));
  }
}

TEST(Stamp, LetsNoRuleNameMakeALine) {
  const NamedRules rules({"A\r\nX-Evil: 1", "ü,()" + std::string(500, 'x')});
  const std::string text = stamps(all_hit(2), rules);
  expect_header_lines(text);
  EXPECT_THAT(text, HasSubstr("A__X-Evil__1(1.2)"));
}

}  // namespace
}  // namespace sluice::scan
