// Learning unasked: what is clear enough, and how it gets to the thread that learns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "scanners/bayes/lessons.h"
#include "scanners/bayes/message_tokens.h"
#include "scanners/scanner.h"

namespace sluice::scan {
namespace {

constexpr std::size_t kRing = 1024UL * 1024;

class AutoLearnTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::string path = testing::TempDir() + "auto_learn_test.cf";
    std::ofstream(path) << "header H3 Subject =~ /head/\nscore H3 3\n"
                           "header H9 Subject =~ /much/\nscore H9 9\n"
                           "body B2 /text/\nscore B2 2\n"
                           "body B9 /more/\nscore B9 9\n"
                           "body B5 /most/\nscore B5 5\n"
                           "meta M3 H3 && B9\nscore M3 3\n"
                           "body NOT /never/\nscore NOT 20\ntflags NOT noautolearn\n"
                           "header NICE From =~ /friend/\nscore NICE -5\ntflags NICE nice\n"
                           // Of the classifier: its points count for nothing but a veto.
                           "body SURE /surely/\nscore SURE 0 0 20 20\ntflags SURE learn\n"
                           "body HAMMY /hammy/\nscore HAMMY 0 0 -2 -2\ntflags HAMMY learn nice\n";
    ScanSettings settings;
    settings.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15};
    settings.classifier = settings.trained = settings.auto_learn = true;
    const auto rules = *RuleSet::load(std::vector<std::string>{path}, settings);
    scanner_ = std::make_unique<Scanner>(rules, settings, 2);
    std::filesystem::remove(path);
  }
  static void TearDownTestSuite() { scanner_.reset(); }

  static std::string mail(std::string_view from, std::string_view subject, std::string_view body) {
    return "From: <" + std::string(from) + "@example.com>\r\nSubject: " + std::string(subject) +
           "\r\n\r\n" + std::string(body) + "\r\n";
  }
  // "spam", "ham" or "": nothing.
  static std::string learned(std::string_view message) {
    bayes::Lessons lessons(kRing);
    MessageScan* const scan = scanner_->begin();
    scanner_->feed(*scan, as_bytes(message));
    scanner_->finish(*scan, "example.com");
    scanner_->teach(*scan, "example.com", lessons);
    scanner_->release(*scan);
    bayes::Lesson lesson;
    if (!lessons.front(lesson)) return "";
    bayes::MessageTokens tokens;
    const auto once = tokens.read(as_bytes(message));
    std::vector<bayes::Token> told(lesson.tokens.begin(), lesson.tokens.end());
    std::ranges::sort(told);
    told.erase(std::ranges::unique(told).begin(), told.end());
    EXPECT_THAT(told, testing::ElementsAreArray(once));
    EXPECT_EQ(lesson.identity, tokens.identity());
    EXPECT_EQ(lesson.domain, "example.com");
    return lesson.what == bayes::Learn::spam ? "spam" : "ham";
  }

  static std::unique_ptr<Scanner> scanner_;
};
std::unique_ptr<Scanner> AutoLearnTest::scanner_;

TEST_F(AutoLearnTest, TakesTwelvePointsOfHeaderAndBody) {
  EXPECT_EQ(learned(mail("a", "head", "more")), "spam");   // 3 + 9, and 3 of both
  EXPECT_EQ(learned(mail("a", "head much", "text")), "");  // 14, but only 2 of the body
  EXPECT_EQ(learned(mail("a", "much", "more")), "spam");   // 18
  EXPECT_EQ(learned(mail("a", "much", "text")), "");       // 11
  EXPECT_EQ(learned(mail("a", "x", "more most")), "");     // 14, none of the header
}

TEST_F(AutoLearnTest, TakesNoPointsForWhatIsWanted) {
  EXPECT_EQ(learned(mail("a", "x", "y")), "ham");
  EXPECT_EQ(learned(mail("a", "x", "text")), "");
  EXPECT_EQ(learned(mail("friend", "x", "text")), "ham");  // 2 - 5
}

TEST_F(AutoLearnTest, CountsNeitherTheClassifierNorWhatIsExcepted) {
  EXPECT_EQ(learned(mail("a", "head", "surely")), "");           // 3 without it
  EXPECT_EQ(learned(mail("a", "head", "never")), "");            // 3
  EXPECT_EQ(learned(mail("a", "x", "never")), "ham");            // 0
  EXPECT_EQ(learned(mail("a", "head much", "more hammy")), "");  // the classifier says no
  EXPECT_EQ(learned(mail("a", "x", "surely")), "");
}

TEST(BayesLessons, ComeInOrderAndAreCountedWhenThereIsNoRoom) {
  bayes::Lessons lessons(1'024);
  const std::vector<bayes::Token> tokens{1, 2, 3, 4};
  for (bayes::Token identity = 1; identity <= 40; ++identity)
    lessons.add({bayes::Learn::spam, identity, "a.example", tokens});
  bayes::Lesson lesson;
  bayes::Token last = 0;
  for (; lessons.front(lesson); lessons.pop()) {
    EXPECT_EQ(lesson.identity, last + 1);
    EXPECT_THAT(lesson.tokens, testing::ElementsAreArray(tokens));
    EXPECT_EQ(lesson.domain, "a.example");
    last = lesson.identity;
  }
  EXPECT_GT(last, 4U);
  EXPECT_EQ(lessons.dropped(), 40 - last);
  lessons.add({bayes::Learn::ham, 99, "", {}});
  ASSERT_TRUE(lessons.front(lesson));
  EXPECT_EQ(lesson.what, bayes::Learn::ham);
  EXPECT_TRUE(lesson.domain.empty());
  EXPECT_TRUE(lesson.tokens.empty());
}

}  // namespace
}  // namespace sluice::scan
