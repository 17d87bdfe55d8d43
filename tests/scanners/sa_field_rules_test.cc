// The look for literals in header fields: it finds every row that is there, and the rules over a
// field hit as PCRE2 says, whatever the look spares.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "engine/base/random.h"
#include "scanners/spamassassin/header/field_rules.h"
#include "scanners/spamassassin/header/typical_header.h"
#include "scanners/spamassassin/pattern/pattern_compiler.h"

namespace sluice::scan::sa {
namespace {

std::vector<LiteralStep> steps_of(const std::string& pattern, std::string_view typical = {},
                                  bool caseless = false) {
  return find_steps(parse_regex({pattern, caseless, false, true}).value(), typical);
}

std::vector<std::string> rows_of(const LiteralStep& step) {
  std::vector<std::string> rows;
  for (const LiteralRow& row : step.rows) {
    std::string& text = rows.emplace_back();
    for (const OctetSet& octets : row) text += static_cast<char>(octets._Find_first());
  }
  return rows;
}

TEST(PerlRegex, DotsTakeLittleWhereNoChoiceIsFinal) {
  const auto lazy = [](const char* pattern, bool dotall = true) {
    return with_lazy_dots({pattern, false, dotall, false});
  };
  EXPECT_EQ(lazy("a.*b.+(?:c.+?)[.*]\\.*.{2,}\\\\.+"), "a.*?b.+?(?:c.+?)[.*]\\.*.{2,}\\\\.+?");
  EXPECT_EQ(lazy("a.*b", false), "a.*b");
  for (const char* pattern :
       {"(?=.*a)(.*)b", "(?>.*a)", ".*+a", "(?i).*a", "[].*]", "[[:alpha:].*]"})
    EXPECT_EQ(lazy(pattern), pattern);
}

TEST(PerlRegex, AsksForTheTextsEnds) {
  const auto anchored = [](const char* pattern, bool multiline = false) {
    return is_anchored({pattern, false, false, multiline});
  };
  for (const char* pattern : {"^a", "a$", "x|^a", "a\\z", "[^a]^", "[$]$", "\\\\^"})
    EXPECT_TRUE(anchored(pattern)) << pattern;
  for (const char* pattern : {"a", "[^a]", "[$^]", "\\^\\$", "\\d\\b"})
    EXPECT_FALSE(anchored(pattern)) << pattern;
  EXPECT_FALSE(anchored("^a$", true));
  EXPECT_TRUE(anchored("\\Aa", true));
}

bool matches(const std::string& pattern, std::string_view text) {
  static pcre::Tools tools;
  pcre::Expression::Match match;
  return pcre::Expression::compile(pattern, {.dotall = true})
      .value()
      .find(as_bytes(text), std::size_t{0}, tools, match);
}

TEST(PerlRegex, LazyDotsMatchInTheSameTexts) {
  Random random(20'261'124);
  const auto any = [&](auto& list) { return std::string(list[random.below(std::size(list))]); };
  constexpr std::array kParts{"a",        "b",   ".*",    ".+",     "(.*)",
                              "(?:.+b)*", "\\n", "[ab]+", "(a|.+)", "\\1?"};
  int found = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string pattern = "(a?)";
    for (auto parts = 1 + random.below(6); parts > 0; --parts) pattern += any(kParts);
    std::string text;
    for (auto octets = random.below(12); octets > 0; --octets) text += "aab\n"[random.below(4)];
    const std::string lazy = with_lazy_dots({pattern, false, true, false});
    const bool expected = matches(pattern, text);
    EXPECT_EQ(matches(lazy, text), expected) << pattern << " in " << text;
    found += expected;
  }
  EXPECT_GT(found, 1'000);
  EXPECT_LT(found, 2'900);
}

TEST(LiteralSteps, TheRarestIsChosenAndWhatIsTypicalIsNot) {
  const auto steps = steps_of("^[^\\]]+ rdns=\\S+\\.alibaba\\.com ", "[ ip=1 rdns=a.example.com ]");
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_EQ(rows_of(steps[0]), std::vector<std::string>{".alibaba.com "});
  EXPECT_EQ(steps[0].before_most, kUnboundedWidth);
  EXPECT_TRUE(steps_of(" rdns=\\S", "[ ip=1 rdns=a.example.com ]").empty());
}

TEST(LiteralSteps, EachAlternativeHasItsRow) {
  const auto steps = steps_of("a{0,3}(?:one|t[wv]o.{2}|x+three)!");
  ASSERT_EQ(steps.size(), 1U);
  const std::vector<std::string> rows = rows_of(steps[0]);
  EXPECT_EQ(rows, (std::vector<std::string>{"one", "tvo", "xthree"}));
  EXPECT_TRUE(steps_of("(?:three||four)?").empty());
  EXPECT_TRUE(steps_of("(?:three|.*)").empty());
}

TEST(LiteralSteps, LongTextsHaveStepsInOrder) {
  const std::string typical = std::string(2'000, 'x') + "\nFrom: \nTo: \nSubject: \n";
  const auto steps = steps_of("\\nTo: ([^\\n]+)\\n+(?:[^\\n]+\\n)*From: \\1", typical);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_TRUE(steps[0].fixed());
  EXPECT_EQ(steps[0].before_least, 0U);
  EXPECT_EQ(rows_of(steps[0]), std::vector<std::string>{"\nTo: "});
  EXPECT_EQ(rows_of(steps[1]), std::vector<std::string>{"From: "});
}

// What is repeated once or oftener may be one copy, with what is before and behind it.
TEST(LiteralSteps, CopiesAreNotCountedTwice) {
  for (const auto& step : steps_of("abcd(?:efgh)+ijkl"))
    for (const std::string& row : rows_of(step))
      EXPECT_NE(std::string("abcdefghijkl").find(row), std::string::npos) << row;
}

TEST(LiteralLook, EveryRowIsFoundAndInOrder) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<LiteralRow> rows;
    for (std::size_t i = 0, count = 1 + random.below(round % 3 == 0 ? 400 : 40); i < count; ++i) {
      LiteralRow& row = rows.emplace_back();
      for (std::size_t k = 0, size = 1 + random.below(kRowOctetsMax); k < size; ++k) {
        OctetSet& octets = row.emplace_back();
        octets.set(random.below(5) == 0 ? random.below(256) : 'a' + random.below(3));
        if (random.below(4) == 0) octets.set('A' + random.below(60));
      }
    }
    const LiteralLook look(rows);
    std::string text;
    for (std::size_t i = 0, size = random.below(200); i < size; ++i)
      text += static_cast<char>(random.below(30) == 0 ? random.below(256) : 'a' + random.below(3));
    std::map<std::pair<std::size_t, std::uint32_t>, int> found;
    std::size_t last = 0;
    look.scan(as_bytes(text), [&](std::uint32_t row, std::size_t at) {
      EXPECT_GE(at, last);
      EXPECT_LE(at + rows[row].size(), text.size());
      last = at;
      ++found[{at, row}];
    });
    for (std::uint32_t row = 0; row < rows.size(); ++row)
      for (std::size_t at = 0; at + rows[row].size() <= text.size(); ++at) {
        bool there = true;
        for (std::size_t k = 0; k < rows[row].size(); ++k)
          there = there && rows[row][k][static_cast<unsigned char>(text[at + k])];
        if (there) {
          EXPECT_EQ((found[{at, row}]), 1) << text << " at " << at;
        }
      }
  }
}

// Patterns of many kinds over values made of what they speak of.
class Rules {
 public:
  explicit Rules(std::string_view typical) {
    for (const std::string& text : texts())
      for (const bool caseless : {false, true})
        for (const bool multiline : {false, true})
          for (const std::uint32_t kind : {0U, 1U, 2U})
            add(text, {caseless, kind == 2, multiline}, kind);
    std::vector<Pattern> rest = patterns_;
    rules_.take_looked_for(rest, typical);
    looked_for_ = patterns_.size() - rest.size();
    ArtifactCache none("");
    PatternCompiler compiler(none, 1);
    const std::size_t number = compiler.add(std::move(rest), Kind::header);
    compiler.run();
    std::vector<PatternFault> faults;
    rules_.set_others(compiler.take(number, faults));
    EXPECT_TRUE(faults.empty());
    rules_.others().grow(tools_);
    rules_.grow(fields_);
  }
  std::size_t looked_for() const { return looked_for_; }
  const PerlRegex& regex(std::uint32_t rule) const { return patterns_[rule].regex; }

  using Hits = std::map<std::uint32_t, std::uint32_t>;
  Hits expected(std::string_view text) {
    Hits hits;
    pcre::Expression::Match match;
    for (const Pattern& pattern : patterns_) {
      const pcre::Expression& expression = expressions_[pattern.rule];
      const std::uint32_t count =
          pattern.counts ? expression.count(as_bytes(text), pattern.hits_max, tools_.pcre)
          : expression.find(as_bytes(text), 0, tools_.pcre, match) ? 1
                                                                   : 0;
      if (count > 0) hits[pattern.rule] = count;
    }
    return hits;
  }
  Hits told(std::string_view text) {
    Hits hits;
    hyperscan::MatchSet matches = rules_.others().match_set();
    rules_.scan(
        as_bytes(text), tools_, matches, fields_, [](std::uint32_t) { return false; },
        [&](std::uint32_t rule, std::uint32_t count) { hits[rule] += count; });
    return hits;
  }

 private:
  static std::vector<std::string> texts() {
    return {"^Re: ",
            "urgent\\s+reply$",
            "\\.excite\\.com\\b",
            "(?:one|two|three)+\\z",
            "",
            "^$",
            "x*",
            "^\\s*$",
            "(?:claim|payout)[\\s_.]?(?:agent)?",
            "\\$\\d",
            "a\\x00b",
            "\\x00{2}",
            "\\nTo: ([^\\n]*)\\n+(?:[^\\n]+\\n+)*From: \\1",
            "^To:\\s+.*?^From:",
            "^From:(?=.*To)",
            "\\nFrom: [^\\n]*\\n(?:.*\\n)*?To: .*\\n+Re: ",
            "(?<!x)claim(?!s)",
            "\\bno-?reply@",
            "[0-9]{3}-[0-9]{3}",
            "[0-9]+\\.example",
            "\\S+<\\w+",
            "(?i:URGENT)|payout",
            "To: \\n+From: ",
            "\\n+To: ",
            "(?:a|bc){2}d",
            "Re: .{0,5}claim$",
            "exam(?:ple)?\\.com",
            "From: {2,}",
            ".",
            "claim.{3,}claim",
            "(?:bounce|daemon|claim|no-reply)[^@ >]{0,5}s?@\\w",
            "(?:a|urgent).?-\\d",
            "(?:payout|agent).{2,9}(?:x|\\d)+@",
            "z[^q]{0,7}daemon",
            "^(?!To|From)(?:[a-z]{2,}-[a-z]{3,}|\\w{3,}):? +\\d(?=\\S*\\s*$)[-.\\w]*\\s*$",
            "(\\w)\\1\\1",
            "(?:To|From|Cc): \\S",
            "agent$",
            "^[^\\]]+ rdns=\\S*claim",
            "^[^\\]]+ rdns=(?!x)[^\\]]*s",
            "^[^\\]]+ rdns=|z",
            "^[^\\]]+(?<=x) rdns=\\S",
            "^[^\\]]+]\\s*claim",
            "^[^@]+daemon",
            "^[^z]+\\bclaim",
            "^agent\\n"};
  }

  void add(const std::string& text, pcre::Options options, std::uint32_t kind) {
    const PerlRegex regex{text, options.caseless, options.dotall, options.multiline};
    const auto rule = static_cast<std::uint32_t>(patterns_.size());
    patterns_.push_back({rule, regex, kind == 1, 3});
    expressions_.push_back(std::move(*pcre::Expression::compile(text, options)));
  }

  std::vector<Pattern> patterns_;
  std::vector<pcre::Expression> expressions_;
  FieldRules rules_;
  std::size_t looked_for_ = 0;
  PatternTools tools_;
  FieldTools fields_;
};

std::string random_value(Random& random) {
  static const std::vector<std::string> kPieces{"Re: ",
                                                "urgent",
                                                "  reply",
                                                ".excite.com",
                                                "one",
                                                "three",
                                                "\n",
                                                "\n\n",
                                                "claim",
                                                "payout",
                                                "_agent",
                                                "$9",
                                                std::string("a\0b", 3),
                                                std::string(2, '\0'),
                                                "\nTo: joe\n",
                                                "\nFrom: joe\n",
                                                "To: ",
                                                "From: ",
                                                "no-reply@",
                                                "123-456",
                                                "7.example",
                                                ".com",
                                                "<a",
                                                "abcd",
                                                "x",
                                                "URGENT",
                                                "aaa",
                                                " ",
                                                "Cc: b",
                                                "daemon",
                                                "z",
                                                "zz",
                                                "bounce",
                                                "@a",
                                                "x@",
                                                "s",
                                                "-1",
                                                "12: 7",
                                                "]",
                                                " rdns=",
                                                " rdns=x",
                                                std::string(70, 'y')};
  std::string text;
  for (std::uint64_t i = 0, count = random.below(14); i < count; ++i)
    text += kPieces[random.below(kPieces.size())];
  return text;
}

TEST(FieldRules, HitAsPcreSays) {
  TypicalHeader header;
  const std::string all = header.value_of({.field = "ALL"});
  ASSERT_GT(all.size(), 1'000U);
  for (const std::string& typical : {std::string(), std::string("Re: one <a@example.com>"), all}) {
    Rules rules(typical);
    EXPECT_GT(rules.looked_for(), 100U);
    Random random(11);
    for (int round = 0; round < 300; ++round) {
      const std::string value = round == 0 ? std::string() : random_value(random);
      const Rules::Hits expected = rules.expected(value);
      const Rules::Hits told = rules.told(value);
      for (const auto& [rule, count] : expected)
        EXPECT_TRUE(told.contains(rule) && told.at(rule) == count)
            << rules.regex(rule).pattern << " in " << testing::PrintToString(value);
      EXPECT_EQ(told.size(), expected.size()) << testing::PrintToString(value);
    }
  }
}

// "^[^\\]]+ rdns=": in the newest relay alone.
TEST(FieldRules, WhatIsBehindALeadIsLookedForBeforeItsEnd) {
  TypicalHeader header;
  FieldRules rules;
  std::vector<Pattern> patterns{
      {0, {"^[^\\]]+ rdns=(?:\\w+\\.)+net "}}, {1, {"^[^\\]]+ auth= "}}, {2, {"^[^\\]]+\\]x"}}};
  rules.take_looked_for(patterns, header.value_of({.field = "X-Spam-Relays-External"}));
  ASSERT_TRUE(patterns.empty());
  PatternTools tools;
  FieldTools fields;
  rules.grow(fields);
  hyperscan::MatchSet matches = rules.others().match_set();
  const auto told = [&](const std::string& text) {
    std::string hits;
    rules.scan(
        as_bytes(text), tools, matches, fields, [](std::uint32_t) { return false; },
        [&](std::uint32_t rule, std::uint32_t) { hits += static_cast<char>('0' + rule); });
    return hits;
  };
  EXPECT_EQ(told("[ rdns=a.b.net auth= ]"), "01");
  EXPECT_EQ(told("[ rdns=a.b.com auth=x ] [ rdns=a.b.net auth= ]"), "");
  EXPECT_EQ(told(" rdns=a.b.net "), "");  // nothing before it
  EXPECT_EQ(told("[ rdns=a.b.com auth=x ]x"), "2");
  EXPECT_EQ(told("]x"), "");
  std::string many = "[";
  for (int i = 0; i < 40; ++i) many += " rdns=a.b.com";
  EXPECT_EQ(told(many + " rdns=a.b.net ]"), "0");
  EXPECT_EQ(told(many + " ] rdns=a.b.net "), "");
}

TEST(FieldRules, ManyPlacesWhereAMatchMayBeginAreAllTried) {
  TypicalHeader header;
  FieldRules rules;
  std::vector<Pattern> patterns{
      {0, {"\\nTo: (?=joe)[^\\n]+(?:\\n[^\\n]+)*\\nFrom: ", false, false, true}}};
  rules.take_looked_for(patterns, header.value_of({.field = "ALL"}));
  ASSERT_TRUE(patterns.empty());
  PatternTools tools;
  FieldTools fields;
  rules.grow(fields);
  hyperscan::MatchSet matches = rules.others().match_set();
  for (const int others : {0, 1, 7, 8, 9, 40}) {
    std::string text;
    for (int i = 0; i < others; ++i) text += "\nTo: jim";
    for (const bool there : {false, true}) {
      std::uint32_t hits = 0;
      rules.scan(
          as_bytes(text + (there ? "\nTo: joe\nCc: \nFrom: ann" : "\nTo: jo\nFrom: ann")), tools,
          matches, fields, [](std::uint32_t) { return false; },
          [&](std::uint32_t, std::uint32_t count) { hits += count; });
      EXPECT_EQ(hits, there ? 1U : 0U) << others;
    }
  }
}

}  // namespace
}  // namespace sluice::scan::sa
