// Rules over a message that is told piece by piece: which hit, how often, and what they sum up to.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan::sa {
namespace {

struct Told {
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::vector<std::pair<std::string, std::string>>> parts;
  std::vector<std::string> body;
  std::vector<std::string> rawbody;
  std::vector<std::string> uris;
};

class SaScan : public ::testing::Test {
 protected:
  void load(std::string_view rules) {
    config::Problems problems;
    RuleBook book = parse_rule_book(rules, "t.cf", problems);
    program_ = Program::compile(std::move(book), {}, problems);
    problems_ = config::text_of(problems);
  }

  // "NAME" or "NAME=3", sorted as in the rules, helpers included.
  std::string hits(const Told& told) {
    ScanTools tools(*program_);
    RuleScan scan(program_, tools, 64 * 1024);
    scan.begin();
    mime::MessageSink& sink = scan;
    const auto tell = [&](mime::Section section, const auto& fields) {
      for (const auto& [name, value] : fields)
        sink.field({section, name, " " + value, value, true, true});
      sink.section_end(section);
    };
    tell(mime::Section::message, told.fields);
    for (const auto& part : told.parts) tell(mime::Section::part, part);
    for (const auto& element : told.rawbody) sink.rawbody(element);
    for (const auto& element : told.body) sink.body(mime::BodyView::all, element);
    for (const auto& text : told.uris) {
      mime::Uri uri;
      uri.written = uri.canonical = text;
      sink.uri(uri);
    }
    sink.message_end({});
    score_ = scan.score();
    std::string text;
    for (std::uint32_t i = 0; i < program_->book().rules.size(); ++i) {
      if (scan.count(i) <= 0) continue;
      text += (text.empty() ? "" : " ") + program_->rule(i).name;
      if (scan.count(i) > 1) text += "=" + std::to_string(static_cast<int>(scan.count(i)));
    }
    return text;
  }

  std::shared_ptr<const Program> program_;
  std::string problems_;
  double score_ = 0;
};

TEST_F(SaScan, EachKindLooksAtItsOwnTexts) {
  load(R"(header H Subject =~ /offer/i
body B /offer/
rawbody R /offer/
uri U /offer/
mimeheader M Content-Type =~ /zip/
)");
  EXPECT_EQ(problems_, "");
  EXPECT_EQ(hits({{{"Subject", "An OFFER"}}, {}, {}, {}, {}}), "H");
  EXPECT_EQ(hits({{}, {}, {"an offer"}, {}, {}}), "B");
  EXPECT_EQ(hits({{}, {}, {}, {"an offer"}, {}}), "R");
  EXPECT_EQ(hits({{}, {}, {}, {}, {"http://offer.example/"}}), "U");
  EXPECT_EQ(hits({{}, {{{"Content-Type", "application/zip"}}}, {}, {}, {}}), "M");
}

TEST_F(SaScan, WhatIsMissingMatchesAsNothing) {
  load(R"(header EMPTY To =~ /^$/
header UNSET To =~ /nobody/ [if-unset: nobody]
header NOT_JOE From !~ /joe/
header HAS exists:X-Mailer
mimeheader NO_ZIP Content-Type !~ /zip/
)");
  EXPECT_EQ(hits({}), "EMPTY UNSET NOT_JOE NO_ZIP");
  EXPECT_EQ(hits({{{"To", "a@example.com"}, {"From", "joe@example.com"}, {"X-Mailer", ""}},
                  {{{"Content-Type", "text/plain"}}, {{"Content-Type", "application/zip"}}},
                  {},
                  {},
                  {}}),
            "HAS");
}

TEST_F(SaScan, PartsOfAddressFields) {
  load(R"(header ADDR From:addr =~ /^jane@example\.com$/
header NAME From:name =~ /^Jane Doe$/
header BOTH ToCc =~ /a@example.*b@example/s
header ID MESSAGEID =~ /<x@y>/
header EVERY ALL =~ /^X-One: 1$/m
)");
  EXPECT_EQ(hits({{{"From", "\"Jane  Doe\" <jane@example.com>"},
                   {"Cc", "b@example"},
                   {"To", "a@example"},
                   {"Resent-Message-Id", "<x@y>"},
                   {"X-One", "1"}},
                  {},
                  {},
                  {},
                  {}}),
            "ADDR NAME BOTH ID EVERY");
}

TEST_F(SaScan, CountsScoresAndMetas) {
  load(R"(body __WORD /\bspam\b/
tflags __WORD multiple maxhits=3
body ONCE /\bspam\b/
score ONCE 0.5
meta MANY __WORD >= 3
score MANY 2
meta LATE EARLY && !NEVER
meta EARLY MANY + ONCE > 1
body NEVER /zzz/
body OFF /spam/
score OFF 0
body NET /spam/
tflags NET net
)");
  EXPECT_EQ(hits({{}, {}, {"spam spam", "no spam, spam"}, {}, {}}),
            "__WORD=3 ONCE MANY LATE EARLY");
  EXPECT_DOUBLE_EQ(score_, 0.5 + 2 + 1 + 1);
  EXPECT_EQ(hits({{}, {}, {"spam"}, {}, {}}), "__WORD ONCE");
}

TEST_F(SaScan, WhatHyperscanLacksIsFoundAllTheSame) {
  load(R"(body AHEAD /free(?! of charge)/
body BACK /(\w)\1\1\1/
body BEHIND /(?<!not )guilty/
body LONG /a[^>]{0,2048}b(?:[^<]{0,1024}<[^>]{1,1024}>){0,99}c/
body START /^begin/
body FINISH /end$/
)");
  EXPECT_EQ(problems_, "");
  EXPECT_EQ(hits({{}, {}, {"free money\n"}, {}, {}}), "AHEAD");
  EXPECT_EQ(hits({{}, {}, {"free of charge\n"}, {}, {}}), "");
  EXPECT_EQ(hits({{}, {}, {"aaaargh guilty\n"}, {}, {}}), "BACK BEHIND");
  EXPECT_EQ(hits({{}, {}, {"not guilty\n"}, {}, {}}), "");
  EXPECT_EQ(hits({{}, {}, {fmt::format("a {:.>2000}bc\n", "")}, {}, {}}), "LONG");
  EXPECT_EQ(hits({{}, {}, {fmt::format("a {:x>3000}bc\n", "")}, {}, {}}), "BACK");
  EXPECT_EQ(hits({{}, {}, {"not the begin, not the\n", "begin of the end\n"}, {}, {}}),
            "START FINISH");
}

TEST_F(SaScan, BrokenRulesAreNamedAndTheOthersRun) {
  load(
      "body BAD /(/\nmeta CIRCLE OTHER\nmeta OTHER CIRCLE\nheader EV eval:no_such()\nbody GOOD "
      "/x/\n");
  EXPECT_NE(problems_.find("t.cf:1: body BAD: "), std::string::npos) << problems_;
  EXPECT_NE(problems_.find("depends on itself"), std::string::npos) << problems_;
  ASSERT_EQ(program_->unsupported().size(), 1u);
  EXPECT_EQ(program_->unsupported()[0].reason, "no_such() is not known");
  EXPECT_EQ(hits({{}, {}, {"x"}, {}, {}}), "GOOD");
}

TEST_F(SaScan, AWordThatAFunctionOfOursDoesNotKnowIsNamed) {
  load("body FORM eval:check_form('boundary_prefix', 'bundary_empty')\nbody GOOD /x/\n");
  EXPECT_NE(problems_.find("t.cf:1: "), std::string::npos) << problems_;
  EXPECT_NE(problems_.find("did you mean \"boundary_empty\"?"), std::string::npos) << problems_;
  EXPECT_EQ(hits({{}, {}, {"x"}, {}, {}}), "GOOD");
}

TEST_F(SaScan, ABrokenExpressionIsNoHitWhenItIsNegated) {
  load("header BAD Subject !~ /(/\nheader GOOD Subject !~ /x/\n");
  EXPECT_NE(problems_.find("t.cf:1: header BAD: "), std::string::npos) << problems_;
  EXPECT_EQ(hits({}), "GOOD");
}

TEST_F(SaScan, NothingStaysFromOneMessageToTheNext) {
  load("header A Subject =~ /x/\nbody B /y/\nmeta C A && B\n");
  ScanTools tools(*program_);
  RuleScan scan(program_, tools, 64 * 1024);
  mime::MessageSink& sink = scan;
  scan.begin();
  sink.field({mime::Section::message, "Subject", " x", "x", true, true});
  sink.section_end(mime::Section::message);
  sink.body(mime::BodyView::all, "y");
  sink.message_end({});
  EXPECT_DOUBLE_EQ(scan.score(), 3);
  scan.begin();
  sink.section_end(mime::Section::message);
  sink.message_end({});
  EXPECT_DOUBLE_EQ(scan.score(), 0);
}

}  // namespace
}  // namespace sluice::scan::sa
