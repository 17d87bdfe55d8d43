// What the engine's scanner makes of messages with rules in SpamAssassin's language.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "scanners/scanner.h"

namespace sluice::scan {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kGtube =
    "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

class Scanning {
 public:
  explicit Scanning(std::string_view rules, ScanSettings settings = {})
      : path_(testing::TempDir() + "scanner_test.cf") {
    std::ofstream(path_) << rules;
    settings.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15};
    rules_ = *RuleSet::load(std::vector<std::string>{path_}, settings);
    scanner_ = std::make_unique<Scanner>(rules_, settings, 2);
  }
  ~Scanning() { std::filesystem::remove(path_); }

  Verdict scan(std::string_view message) {
    MessageScan* scan = scanner_->begin();
    scanner_->feed(*scan, as_bytes(message));
    const Verdict verdict = scanner_->finish(*scan);
    scanner_->release(*scan);
    return verdict;
  }
  std::vector<std::string> hits(std::string_view message) {
    const Verdict verdict = scan(message);
    std::vector<std::string> names;
    for (std::uint16_t i = 0; i < verdict.hit_count; ++i)
      names.emplace_back(rules_->name(verdict.hits[i]));
    return names;
  }
  Scanner& scanner() { return *scanner_; }
  const RuleSet& rules() { return *rules_; }

 private:
  std::string path_;
  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<Scanner> scanner_;
};

TEST(Scanner, EachKindOfRuleLooksAtItsOwnTexts) {
  Scanning scanning(
      "header SUBJ Subject =~ /^word$/\nbody BODY /word/\nrawbody RAWBODY /wo<b>rd/\n"
      "uri URI /word/\nmimeheader PART Content-Type =~ /word/\n"
      "body __HELPER /word/\nmeta META __HELPER && SUBJ\n");
  EXPECT_THAT(scanning.hits("Subject: word\r\n\r\nx"), ElementsAre("SUBJ", "BODY", "META"));
  EXPECT_THAT(scanning.hits("Subject: =?utf-8?q?w?= =?utf-8?q?ord?=\r\n\r\n"),
              ElementsAre("SUBJ", "BODY", "META"));
  EXPECT_THAT(scanning.hits("Content-Transfer-Encoding: base64\r\n\r\nd29yZA==\r\n"),
              ElementsAre("BODY"));
  EXPECT_THAT(scanning.hits("Content-Type: text/html\r\n\r\nwo<b>rd</b>"),
              ElementsAre("BODY", "RAWBODY"));
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nhttp://word.example/"), ElementsAre("BODY", "URI"));
  EXPECT_THAT(scanning.hits("Content-Type: image/word\r\n\r\nword"), ElementsAre("PART"));
}

TEST(Scanner, FullRulesSeeTheMessageAsItCame) {
  Scanning scanning("full FULL /^Subject: =\\?utf.*^d29yZA==/ms\nfull FAR /far away/\n");
  const std::string head = "Subject: =?utf-8?q?w?=\r\nContent-Transfer-Encoding: base64\r\n\r\n";
  EXPECT_THAT(scanning.hits(head + "d29yZA==\r\n"), ElementsAre("FULL"));
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nd29yZA==\r\n"), IsEmpty());
  EXPECT_THAT(scanning.hits("A: b\r\n\r\n" + std::string(100'000, 'x') + "far away\r\n"),
              ElementsAre("FAR"));
}

TEST(Scanner, EveryTextIsShownButCalendarsAndCards) {
  Scanning scanning("body BODY /word/\n");
  const auto part = [](std::string_view type) {
    return fmt::format("Content-Type: {}\r\n\r\na word\r\n", type);
  };
  for (const char* type : {"text/plain", "text/html", "text/rfc822-headers", "text/enriched"})
    EXPECT_THAT(scanning.hits(part(type)), ElementsAre("BODY")) << type;
  for (const char* type : {"text/calendar", "text/x-vcard", "application/octet-stream"})
    EXPECT_THAT(scanning.hits(part(type)), IsEmpty()) << type;
}

TEST(Scanner, TheTestStringWorksOutOfTheBox) {
  Scanning scanning("");
  const Verdict verdict = scanning.scan(fmt::format("A: b\r\n\r\n{}\r\n", kGtube));
  EXPECT_EQ(verdict.scl, 9);
  EXPECT_EQ(scanning.rules().name(verdict.hits[0]), "GTUBE");
}

TEST(Scanner, ABrokenRuleIsNotedAndTheOthersRun) {
  Scanning scanning("body BAD /(/\nbody GOOD /good/\n");
  EXPECT_THAT(scanning.hits("A: b\r\n\r\ngood"), ElementsAre("GOOD"));
  ASSERT_EQ(scanning.rules().notes().size(), 1u);
  EXPECT_THAT(scanning.rules().notes()[0], testing::HasSubstr("scanner_test.cf:1: body BAD"));
}

TEST(Scanner, AFileThatIsNotThereIsAnError) {
  const auto rules = RuleSet::load(std::vector<std::string>{"/nonexistent/a.cf"}, {});
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error()[0].text(), testing::HasSubstr("/nonexistent/a.cf"));
}

TEST(Scanner, ForgetsTheMessageBefore) {
  Scanning scanning("body A /first.*second/s\nrawbody B /z/\n");
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nfirst z"), ElementsAre("B"));
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nsecond"), ElementsAre());
  MessageScan* abandoned = scanning.scanner().begin();
  scanning.scanner().feed(*abandoned, as_bytes("A: b\r\n\r\nfirst z"));
  scanning.scanner().release(*abandoned);
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nsecond"), ElementsAre());
}

TEST(Scanner, ScansMessagesInTurns) {
  Scanning scanning("body A /中中/\n");
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

TEST(Scanner, AddsScoresExactlyAndReadsTheTable) {
  std::string rules;
  std::string message = "A: b\r\n\r\n";
  for (int i = 0; i < 10; ++i) {
    rules += fmt::format("body R{} /word{}!/\nscore R{} 0.1\n", i, i, i);
    message += fmt::format("word{}! ", i);
  }
  rules += "body MUCH /much/\nscore MUCH 99\nbody GOOD /good/\nscore GOOD -5\n";
  Scanning scanning(rules);
  EXPECT_EQ(scanning.scan(message).scl, 1);  // ten tenths are one
  EXPECT_EQ(scanning.scan("A: b\r\n\r\nmuch").scl, 9);
  EXPECT_EQ(scanning.scan("A: b\r\n\r\ngood").scl, 0);
  EXPECT_DOUBLE_EQ(scanning.scan("A: b\r\n\r\ngood").score, -5);
  EXPECT_EQ(scanning.scan("A: b\r\n\r\n").scl, 0);
}

TEST(Scanner, CountsMoreHitsThanItNames) {
  std::string rules;
  for (int i = 0; i < 100; ++i) rules += fmt::format("body R{} /x/\n", i);
  Scanning scanning(rules);
  const Verdict verdict = scanning.scan("A: b\r\n\r\nx");
  EXPECT_EQ(verdict.hit_count, kHitsMax);
  EXPECT_EQ(verdict.hit_total, 100);
  EXPECT_TRUE(verdict.hits_truncated);
  EXPECT_DOUBLE_EQ(verdict.score, 100);
}

TEST(Scanner, WhatIsBeyondTheLimitIsMarked) {
  Scanning scanning("body LATE /late/\nbody EARLY /early/\n", {.text_bytes_max = 4'000});
  const std::string filler(1'000, 'x');
  std::string message = "A: b\r\n\r\nearly\r\n\r\n";
  EXPECT_THAT(scanning.hits(message + "late\r\n"), ElementsAre("LATE", "EARLY"));
  for (int i = 0; i < 6; ++i) message += filler + "\r\n\r\n";
  EXPECT_THAT(scanning.hits(message + "late\r\n"), ElementsAre("SCAN_LIMIT", "EARLY"));
  EXPECT_THAT(scanning.hits("A: b\r\n\r\nlate\r\n"), ElementsAre("LATE"));
}

TEST(Scanner, TextsThatComeAfterItsTimeAreNotLookedAt) {
  Scanning scanning("body LATE /late/\nbody EARLY /early/\n", {.time_max = Duration{1}});
  Scanner& scanner = scanning.scanner();
  for (int message = 0; message < 2; ++message) {
    MessageScan* scan = scanner.begin();
    scanner.feed(*scan, as_bytes("A: b\r\n\r\nearly\r\n\r\nmore\r\n"));
    scanner.feed(*scan, as_bytes("\r\nlate\r\n\r\nmore\r\n"));
    const Verdict verdict = scanner.finish(*scan);
    EXPECT_TRUE(verdict.limited);
    EXPECT_EQ(verdict.hit_total, 2);  // SCAN_LIMIT, EARLY
    scanner.release(*scan);
  }
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

}  // namespace
}  // namespace sluice::scan
