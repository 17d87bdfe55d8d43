#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scanners/rule_texts.h"

namespace sluice::scan {
namespace {

using testing::HasSubstr;

TEST(RuleFile, ReadsEveryKey) {
  const LoadedRules loaded = load_rules(R"(
[[rule]]
name = "A.b-1"
place = "Subject"
expression = 'x+'
flags = ["caseless", "dotall", "multiline"]
score = -2.5
description = "why"
)");
  ASSERT_TRUE(loaded.rules) << loaded.problem_text();
  const Rule& rule = loaded.rules->rules().front();
  EXPECT_EQ(rule.name, "A.b-1");
  EXPECT_EQ(rule.place, (Place{PlaceKind::field, "subject"}));
  EXPECT_EQ(rule.expression.text, "x+");
  EXPECT_TRUE(rule.expression.caseless && rule.expression.dotall && rule.expression.multiline);
  EXPECT_EQ(rule.score, -2.5);
  EXPECT_EQ(loaded.rules->description(0), "why");
  EXPECT_EQ(rule.line, 2);
}

TEST(RuleFile, NamesEveryProblemWithItsPlace) {
  const LoadedRules loaded = load_rules(R"([[rule]]
name = "bad name"
place = "bo dy"
expresion = 'x'
score = 1001
[[rule]]
name = "FLAGS"
place = "body"
expression = 'x'
flags = ["caselss"]
score = "1"
)");
  const std::string text = loaded.problem_text();
  EXPECT_THAT(text, HasSubstr("test.rules:2:8: rule 1: name \"bad name\" is not"));
  EXPECT_THAT(text, HasSubstr("test.rules:3:9: rule 1: place \"bo dy\" is neither"));
  EXPECT_THAT(text, HasSubstr("test.rules:1:1: rule 1: expression is missing"));
  EXPECT_THAT(text, HasSubstr("\"expresion\" is not known; did you mean \"expression\"?"));
  EXPECT_THAT(text, HasSubstr("test.rules:5:9: rule 1: score 1001 is not a number"));
  EXPECT_THAT(text, HasSubstr("test.rules:10:10: rule \"FLAGS\": flag \"caselss\" is not known; "
                              "did you mean \"caseless\"?"));
  EXPECT_THAT(text, HasSubstr("test.rules:11:9: rule \"FLAGS\": score \"1\" is not a number"));
  EXPECT_EQ(loaded.problems.size(), 7u) << text;
}

TEST(RuleFile, NamesEveryExpressionThatDoesNotCompile) {
  const LoadedRules loaded =
      load_rules(rule_text("A", "body", "(open") + rule_text("B", "body", "ok") +
                 rule_text("C", "body", "a(?=b)") + rule_text("D", "subject", "x*"));
  const std::string text = loaded.problem_text();
  EXPECT_THAT(text, HasSubstr("test.rules:4:14: rule \"A\": expression \"(open\": "));
  EXPECT_THAT(text, HasSubstr("rule \"C\": expression \"a(?=b)\": "));
  EXPECT_THAT(text, HasSubstr("rule \"D\": expression \"x*\": "));
  EXPECT_EQ(loaded.problems.size(), 3u) << text;
}

TEST(RuleFile, RefusesANameTwice) {
  const LoadedRules loaded = load_rules(rule_text("A", "body", "x") + rule_text("A", "raw", "y"));
  EXPECT_THAT(loaded.problem_text(), HasSubstr("test.rules:6:1: rule \"A\": the name is taken by "
                                               "the rule at test.rules:1"));
}

TEST(RuleFile, RefusesUnknownTablesAndBadSyntax) {
  EXPECT_THAT(load_rules("[rule]\nname = 'x'\n").problem_text(), HasSubstr("write [[rule]]"));
  EXPECT_THAT(load_rules("[[rules]]\nname = 'x'\n").problem_text(),
              HasSubstr("did you mean \"rule\"?"));
  EXPECT_THAT(load_rules("[[rule]]\nname = \n").problem_text(), HasSubstr("test.rules:2:"));
}

TEST(RuleFile, NamesAFileThatCannotBeRead) {
  const std::vector<std::string> files{"/nonexistent/a.rules", "/nonexistent/b.rules"};
  const auto rules = RuleSet::load(files, ScanSettings{});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().size(), 2u);
  EXPECT_THAT(rules.error()[0].text(), HasSubstr("/nonexistent/a.rules"));
}

TEST(RuleFile, OfTheDemoLoads) {
  const std::vector<std::string> files{SLUICE_SOURCE_ROOT "/tools/demo.rules"};
  const auto rules = RuleSet::load(files, ScanSettings{});
  ASSERT_TRUE(rules) << rules.error().front().text();
  EXPECT_GE((*rules)->size(), 40u);
}

}  // namespace
}  // namespace sluice::scan
