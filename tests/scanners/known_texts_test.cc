// Texts that come again: what is known of them, and that it changes no verdict.
#include "scanners/spamassassin/known_texts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan::sa {
namespace {

using testing::ElementsAre;

// Tells it `hits` rules, if it wants to know.
void teach(KnownTexts& known, std::string_view text, std::uint32_t hits) {
  KnownTexts::Text place = known.find(text, nullptr);
  for (std::uint32_t rule = 0; rule < hits; ++rule) place.keep(rule, rule + 1);
  place.learned();
}

TEST(KnownTexts, AreKnownTheThirdTime) {
  KnownTexts known(16);
  KnownTexts::Text text = known.find("text", &known);
  EXPECT_FALSE(text.known());
  EXPECT_FALSE(text.learning());
  text = known.find("text", &known);
  EXPECT_FALSE(text.known());
  ASSERT_TRUE(text.learning());
  text.keep(7, 2);
  text.learned();
  text = known.find("text", &known);
  ASSERT_TRUE(text.known());
  ASSERT_EQ(text.hits().size(), 1u);
  EXPECT_EQ(text.hits()[0].rule, 7);
  EXPECT_EQ(text.hits()[0].count, 2);
  EXPECT_FALSE(known.find("text", nullptr).known());  // of others' rules
  EXPECT_EQ(known.statistics().hits, 1u);
  EXPECT_EQ(known.statistics().misses, 3u);
}

TEST(KnownTexts, NotThoseThatHaveTooMuchToThem) {
  KnownTexts known(16);
  const std::string fits(KnownTexts::kTextBytesMax, 'x');
  for (int time = 0; time < 3; ++time) {
    teach(known, "most", KnownTexts::kHitsMax);
    teach(known, "more", KnownTexts::kHitsMax + 1);
    teach(known, fits, 1);
    teach(known, fits + "x", 1);
  }
  EXPECT_EQ(known.find("most", nullptr).hits().size(), KnownTexts::kHitsMax);
  EXPECT_FALSE(known.find("more", nullptr).known());
  EXPECT_TRUE(known.find(fits, nullptr).known());
  EXPECT_FALSE(known.find(fits + "x", nullptr).known());
}

TEST(KnownTexts, NewOnesTakeThePlaceOfOthers) {
  KnownTexts known(4);
  for (int i = 0; i < 100; ++i) teach(known, std::to_string(i), 1);
  EXPECT_EQ(known.statistics().evictions, 96u);
  for (int time = 0; time < 2; ++time) teach(known, "99", 1);  // the last is still there
  EXPECT_TRUE(known.find("99", nullptr).known());
  KnownTexts none;
  for (int time = 0; time < 4; ++time) teach(none, "text", 1);
  EXPECT_FALSE(none.find("text", nullptr).known());
  EXPECT_EQ(none.statistics().misses, 0u);
}

class KnownTextsScan : public ::testing::Test {
 protected:
  KnownTextsScan() {
    config::Problems problems;
    RuleBook book = parse_rule_book(R"(body ONE /offer/
body MANY /offer/
tflags MANY multiple
body THREE /offer/
tflags THREE multiple maxhits=3
body TEXT_ONLY /offer/
tflags TEXT_ONLY nosubject
body TWICE /(\w)\1.*off/
rawbody RAW /offer/
uri LINK /offer/
)",
                                    "t.cf", problems);
    program_ = Program::compile(std::move(book), {}, problems);
    tools_ = std::make_unique<ScanTools>(*program_, 64);
  }

  // With what is known, and the same without.
  std::string hits(const std::vector<std::string>& texts) {
    ScanTools fresh(*program_);
    const std::string expected = hits(texts, fresh);
    EXPECT_EQ(hits(texts, *tools_), expected);
    return expected;
  }

  std::unique_ptr<ScanTools> tools_;

 private:
  std::string hits(const std::vector<std::string>& texts, ScanTools& tools) {
    RuleScan scan(program_, tools, 64 * 1024);
    scan.begin();
    mime::MessageSink& sink = scan;
    sink.section_end(mime::Section::message);
    for (const std::string& text : texts) {
      sink.body(mime::BodyView::all, text);  // the first: as the Subject
      sink.rawbody(text);
      mime::Uri uri;
      uri.written = uri.canonical = text;
      sink.uri(uri);
    }
    sink.message_end({});
    std::string names;
    for (std::uint32_t i = 0; i < program_->book().rules.size(); ++i)
      if (scan.count(i) > 0) names += fmt::format("{}={} ", program_->rule(i).name, scan.count(i));
    return names;
  }

  std::shared_ptr<const Program> program_;
};

TEST_F(KnownTextsScan, ChangeNoVerdict) {
  for (int copy = 0; copy < 4; ++copy) {
    EXPECT_EQ(hits({"Hi", "an offer, an offer", "all off"}),
              "ONE=1 MANY=2 THREE=2 TEXT_ONLY=1 TWICE=1 RAW=1 LINK=1 ");
    EXPECT_EQ(hits({"an offer, an offer", "all off"}),
              "ONE=1 MANY=2 THREE=2 TWICE=1 RAW=1 LINK=1 ");
    EXPECT_EQ(hits({"Hi", "an offer, an offer", "an offer, an offer"}),
              "ONE=1 MANY=4 THREE=3 TEXT_ONLY=1 TWICE=1 RAW=1 LINK=1 ");
  }
  EXPECT_GT(tools_->known.statistics().hits, 0u);
}

// While it is learned, the rules that the texts before it have settled are asked nevertheless.
TEST_F(KnownTextsScan, AreKnownWithWhatOthersHitBefore) {
  for (int copy = 0; copy < 3; ++copy) hits({"Hi", "first offer", "second offer"});
  EXPECT_EQ(hits({"Hi", "second offer"}), "ONE=1 MANY=1 THREE=1 TEXT_ONLY=1 RAW=1 LINK=1 ");
}

}  // namespace
}  // namespace sluice::scan::sa
