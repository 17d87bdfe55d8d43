#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/scanners/rule_texts.h"

namespace sluice::scan {
namespace {

using testing::ElementsAre;

class Scanning {
 public:
  explicit Scanning(const std::string& rules, ScanSettings settings = {.scl_score = kSclScores})
      : loaded_(load_rules(rules)), scanner_(loaded_.rules, settings, 2) {}

  Verdict scan(std::string_view message) {
    MessageScan* scan = scanner_.begin();
    scanner_.feed(*scan, as_bytes(message));
    const Verdict verdict = scanner_.finish(*scan);
    scanner_.release(*scan);
    return verdict;
  }
  std::vector<std::string> hits(std::string_view message) {
    const Verdict verdict = scan(message);
    std::vector<std::string> names;
    for (std::uint16_t i = 0; i < verdict.hit_count; ++i)
      names.emplace_back(scanner_.rules().name(verdict.hits[i]));
    return names;
  }
  Scanner& scanner() { return scanner_; }

 private:
  LoadedRules loaded_;
  Scanner scanner_;
};

TEST(Scanner, LooksOnlyWhereTheRuleSays) {
  Scanning scanning(rule_text("HEADER", "header", "^x-a: word$", "1\nflags = [\"multiline\"]") +
                    rule_text("PART", "part", "word") + rule_text("BODY", "body", "word") +
                    rule_text("RAW", "raw", "word") + rule_text("SUBJECT", "subject", "^word$"));
  EXPECT_THAT(scanning.hits("X-A: word\r\n\r\nx"), ElementsAre("HEADER", "RAW"));
  EXPECT_THAT(scanning.hits("Subject: word\r\n\r\nx"), ElementsAre("RAW", "SUBJECT"));
  EXPECT_THAT(scanning.hits("Subject: a word\r\n\r\nword"), ElementsAre("BODY", "RAW"));
  EXPECT_THAT(scanning.hits("SUBJECT: =?utf-8?q?w?= =?utf-8?q?ord?=\r\n\r\n"),
              ElementsAre("SUBJECT"));
  EXPECT_THAT(scanning.hits("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                            "d29yZA==\r\n"),
              ElementsAre("BODY"));
  EXPECT_THAT(scanning.hits("Content-Type: message/rfc822\r\n\r\nSubject: word\r\n\r\nx"),
              ElementsAre("PART", "RAW"));
  EXPECT_THAT(scanning.hits("Content-Type: image/png\r\n\r\nword"), ElementsAre("RAW"));
}

TEST(Scanner, CountsARuleOncePerMessage) {
  Scanning scanning(rule_text("A", "body", "spam", "1.5"));
  EXPECT_DOUBLE_EQ(scanning.scan("\r\nspam spam spam spam").score, 1.5);
}

TEST(Scanner, ForgetsTheMessageBefore) {
  Scanning scanning(rule_text("A", "body", "first.*second", "1\nflags = [\"dotall\"]") +
                    rule_text("B", "raw", "z"));
  EXPECT_THAT(scanning.hits("\r\nfirst z"), ElementsAre("B"));
  EXPECT_THAT(scanning.hits("\r\nsecond"), ElementsAre());
  MessageScan* abandoned = scanning.scanner().begin();
  scanning.scanner().feed(*abandoned, as_bytes("\r\nfirst"));
  scanning.scanner().release(*abandoned);
  EXPECT_THAT(scanning.hits("\r\nsecond"), ElementsAre());
}

TEST(Scanner, ScansMessagesInTurns) {
  Scanning scanning(rule_text("A", "body", "中中"));
  Scanner& scanner = scanning.scanner();
  MessageScan* one = scanner.begin();
  MessageScan* two = scanner.begin();
  ASSERT_NE(one, nullptr);
  ASSERT_NE(two, nullptr);
  EXPECT_EQ(scanner.begin(), nullptr);
  const std::string header = "Content-Type: text/plain; charset=gb2312\r\n\r\n";
  scanner.feed(*one, as_bytes(header + "\xd6"));
  scanner.feed(*two, as_bytes(header + "\xd6\xd0"));
  scanner.feed(*one, as_bytes("\xd0\xd6\xd0"));
  EXPECT_EQ(scanner.finish(*one).hit_count, 1);
  EXPECT_EQ(scanner.finish(*two).hit_count, 0);
}

TEST(Scanner, FindsWhatNeedsTheEndOfTheText) {
  Scanning scanning(rule_text("END", "raw", "end\\z"));
  EXPECT_THAT(scanning.hits("x\r\n\r\nthe end"), ElementsAre("END"));
  EXPECT_THAT(scanning.hits("x\r\n\r\nthe end."), ElementsAre());
}

TEST(Scanner, AddsScoresExactlyAndReadsTheTable) {
  std::string rules;
  std::string message = "\r\n";
  for (int i = 0; i < 10; ++i) {
    rules += rule_text(fmt::format("R{}", i), "body", fmt::format("word{}!", i), "0.1");
    message += fmt::format("word{}! ", i);
  }
  rules += rule_text("MUCH", "body", "much", "99") + rule_text("GOOD", "body", "good", "-5");
  Scanning scanning(rules);
  EXPECT_EQ(scanning.scan(message).scl, 1);  // ten tenths are one
  EXPECT_EQ(scanning.scan("\r\nmuch").scl, 9);
  EXPECT_EQ(scanning.scan("\r\ngood").scl, 0);
  EXPECT_DOUBLE_EQ(scanning.scan("\r\ngood").score, -5);
  EXPECT_EQ(scanning.scan("\r\n").scl, 0);
}

TEST(Scanner, CountsMoreHitsThanItNames) {
  std::string rules;
  for (int i = 0; i < 100; ++i) rules += rule_text(fmt::format("R{}", i), "raw", "x");
  Scanning scanning(rules);
  const Verdict verdict = scanning.scan("x");
  EXPECT_EQ(verdict.hit_count, kHitsMax);
  EXPECT_EQ(verdict.hit_total, 100);
  EXPECT_TRUE(verdict.hits_truncated);
  EXPECT_DOUBLE_EQ(verdict.score, 100);
  EXPECT_EQ(verdict.hits[63], 63);
}

TEST(Scanner, KeepsMessageIdAndSubjectForTheLog) {
  Scanning scanning("");
  Scanner& scanner = scanning.scanner();
  MessageScan* scan = scanner.begin();
  std::string message = "subject:  =?utf-8?q?x?=\r\n y \r\nSubject: second\r\nMESSAGE-ID: <";
  message.append(400, 'a').append("@b>\r\n\r\nSubject: body\r\n");
  scanner.feed(*scan, as_bytes(message));
  scanner.finish(*scan);
  EXPECT_EQ(scanner.subject(*scan), "=?utf-8?q?x?= y");
  EXPECT_EQ(scanner.message_id(*scan), std::string("<").append(255, 'a'));
  scanner.release(*scan);
}

TEST(Scanner, LooksIntoTextDocumentsOfAGenericType) {
  Scanning scanning(rule_text("A", "body", "word"));
  EXPECT_THAT(scanning.hits("Content-Type: application/octet-stream; name=\"a.HTML\"\r\n\r\nword"),
              ElementsAre("A"));
  EXPECT_THAT(scanning.hits("Content-Disposition: attachment; filename=a.txt\r\n"
                            "Content-Type: application/octet-stream\r\n\r\nword"),
              ElementsAre("A"));
  EXPECT_THAT(scanning.hits("Content-Type: application/octet-stream; name=a.exe\r\n\r\nword"),
              ElementsAre());
}

}  // namespace
}  // namespace sluice::scan
