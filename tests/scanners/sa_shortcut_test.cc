// What is asked before PCRE2, and instead of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "scanners/spamassassin/pattern/pattern_compiler.h"

namespace sluice::scan::sa {
namespace {

RegexNode tree_of(const std::string& pattern) {
  return parse_regex({pattern, true, false, true}).value();
}

// Words enough for an expression that is looked for with every shortcut there is.
std::string many_words() {
  std::string words = "alpha|bravo";
  for (char first = 'c'; first <= 'z'; ++first)
    for (const char* form :
         {"ord[aeiou]x?", "?end(?:s|ing)?", "ast[aeiou]{1,3}line?", "ead(?:y|ied)"})
      words += std::string("|") + first + form;
  return words;
}

std::vector<Pattern> patterns() {
  const std::string words = "(?:" + many_words() + ")";
  const std::vector<std::string> texts{"plain literal",
                                       "\\b" + words + "(?:[ ,]{1,3}" + words + ")?[.:]{2,9}(?!x)",
                                       "^\\s?(?:my )?" + words + "(?: of " + words + ")?[.:]+$",
                                       "(?:" + words + "[ .:]{1,4}){2}",
                                       "(?<=x)" + words + "(?:-(?:" + many_words() + ")){1,2}",
                                       "e|\xc3[\xa8-\xab]",
                                       "[_\\W]?v[_\\W]?[i1]c[o0]d",
                                       "^" + words + "[.:]{2}|x" + words + "-" + words,
                                       "<[^>]{1,80}(?:cordax|zordo)[^>]*>|x[^>]*zordo",
                                       "(?:alpha[a-z ]*|my |[^.]+<)kending",
                                       "mready[a-z, ]*[xe]+\\Z",
                                       "(?:[a-z]+,? )+(?:bravo|cends)[., ]",
                                       "(?:(?:" + words + "){1,9}[ .:]{1,4}){2}",
                                       "(?:(?:" + words + "){1,9}[ .:]{1,4}){3}",
                                       "(?:(?:" + words + "){1,9}[ .:]{1,4}(?:x|e[^.]{2})?){2}"};
  std::vector<Pattern> all;
  for (const std::string& text : texts)
    all.push_back({static_cast<std::uint32_t>(all.size()), {text, true, false, true}, true, 0});
  for (const char* text : {"^\\s?\\S{1,9}\\s?$", "c[_\\W]?[o0]r?[_\\W]?d"})
    all.push_back({static_cast<std::uint32_t>(all.size()), {text, true, false, false}, true, 0});
  return all;
}

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces{"xcorda-dends",
                                                "alpha",
                                                "bravo",
                                                "cordax",
                                                "cends",
                                                "kending",
                                                "zordo",
                                                "mready",
                                                "my ",
                                                " of ",
                                                "..",
                                                ".:.",
                                                "\n",
                                                " ",
                                                ", ",
                                                "x",
                                                "e",
                                                "\xc3\xa9",
                                                "\xc3",
                                                "plain literal",
                                                "v1cod",
                                                "_v_ic0d",
                                                "<",
                                                ">",
                                                "the end"};
  std::string text;
  for (unsigned pieces = random() % 14; pieces > 0; --pieces)
    text += kPieces[random() % kPieces.size()];
  return text;
}

std::vector<std::uint32_t> counts_by_pcre(const std::vector<pcre::Expression>& expressions,
                                          ByteView text, pcre::Tools& tools) {
  std::vector<std::uint32_t> counts;
  for (const pcre::Expression& expression : expressions) {
    counts.push_back(0);
    pcre::Expression::Match match;
    for (std::size_t from = 0; expression.find(text, from, tools, match); ++counts.back())
      from = match.end == match.begin ? match.end + 1 : match.end;
  }
  return counts;
}

// The set of patterns(), ready to scan.
class Scanner {
 public:
  Scanner() {
    ArtifactCache none("");
    PatternCompiler compiler(none, 1);
    const std::size_t number = compiler.add(patterns(), Kind::body);
    compiler.run();
    std::vector<PatternFault> faults;
    set_ = compiler.take(number, faults);
    EXPECT_TRUE(faults.empty());
    set_.grow(tools_);
  }
  const PatternSet& set() const { return set_; }
  PatternTools& tools() { return tools_; }
  std::vector<std::uint32_t> counts(std::string_view text) {
    hyperscan::MatchSet marks = set_.match_set();
    std::vector<std::uint32_t> counts(set_.size());
    set_.scan(
        as_bytes(text), tools_, marks, [](std::uint32_t) { return false; },
        [&](std::uint32_t rule, std::uint32_t count) { counts[rule] = count; });
    return counts;
  }

 private:
  PatternSet set_;
  PatternTools tools_;
};

TEST(SaShortcut, EveryMatchIsCountedAsByPcreAlone) {
  std::vector<pcre::Expression> expressions;
  for (const auto& [rule, regex, counts, most] : patterns())
    expressions.push_back(std::move(*pcre::Expression::compile(
        regex.pattern, {regex.caseless, regex.dotall, regex.multiline})));
  Scanner scanner;
  EXPECT_EQ(scanner.set().count(Form::octets), 1u);
  EXPECT_GE(scanner.set().count(Form::factor), 6u);
  EXPECT_EQ(scanner.set().count(Form::none), 1u);
  EXPECT_EQ(scanner.set().guards(), 2u);  // one for what repeats nearly the same
  EXPECT_GE(scanner.set().opened(), 2u);
  std::mt19937 random(11);
  std::vector<int> matched(expressions.size());
  for (int i = 0; i < 6'000; ++i) {
    const std::string text = random_text(random);
    const auto expected = counts_by_pcre(expressions, as_bytes(text), scanner.tools().pcre);
    const std::vector<std::uint32_t> counts = scanner.counts(text);
    ASSERT_EQ(counts, expected) << text;
    for (std::size_t k = 0; k < counts.size(); ++k) matched[k] += counts[k] > 0;
  }
  constexpr std::size_t kThreeCopies = 13;  // few texts are as long
  for (std::size_t k = 0; k < matched.size(); ++k)
    EXPECT_GT(matched[k], k == kThreeCopies ? 0 : 20) << k;
}

TEST(SaShortcut, WhatSeveralAskOfOneGuardIsCountedForEach) {
  Scanner scanner;
  for (unsigned copies = 0; copies < 8; ++copies) {
    std::string text = "the end, ";
    for (unsigned i = 0; i < copies; ++i) text += i % 2 == 0 ? "alpha.." : "bravocordax. ";
    const std::vector<std::uint32_t> counts = scanner.counts(text);
    EXPECT_EQ(counts[12], copies / 2) << text;
    EXPECT_EQ(counts[13], copies / 3) << text;
    EXPECT_EQ(counts[14], copies / 2) << text;
  }
}

// What begins too often is searched for as a whole.
TEST(SaShortcut, AMatchBehindManyBeginningsIsFound) {
  Scanner scanner;
  std::string text;
  for (int i = 0; i < 1'000; ++i) text += "alpha-";
  EXPECT_EQ(scanner.counts(text)[3], 0u);
  EXPECT_EQ(scanner.counts(text + "x alpha. bravo. x")[3], 1u);
  EXPECT_EQ(scanner.tools().pcre.given_up(), 0u);
}

TEST(SaShortcut, MatchesBeginOnlyWhereTheirWordsDo) {
  const auto openers = Openers::of(tree_of("(?:my )?(?:name|home)x?"), Openers::Begins::anywhere);
  ASSERT_TRUE(openers);
  const ByteView text = as_bytes(std::string_view("tell them my name at home, please"));
  EXPECT_EQ(openers->next(text, 0, text.size()), 10u);   // "my n"
  EXPECT_EQ(openers->next(text, 11, text.size()), 13u);  // "name"
  EXPECT_EQ(openers->next(text, 14, text.size()), 21u);
  EXPECT_EQ(openers->next(text, 22, 25), 26u);  // nothing up to there
  // Of the last two octets nothing is known.
  EXPECT_EQ(openers->next(text, 22, text.size()), text.size() - 2);
  EXPECT_EQ(openers->next(text, text.size() - 1, text.size()), text.size() - 1);
  for (const char* pattern : {"a*", "name", "(?:[abc]d)?"})
    EXPECT_FALSE(Openers::of(tree_of(pattern), Openers::Begins::anywhere)) << pattern;
}

TEST(SaShortcut, LinesAreLookedAtWhereTheyBegin) {
  const auto lines = Openers::of(tree_of("name|home"), Openers::Begins::line);
  const auto whole = Openers::of(tree_of("name|home"), Openers::Begins::text);
  ASSERT_TRUE(lines && whole);
  const ByteView text = as_bytes(std::string_view("name name\nno name\n\nNAME"));
  std::vector<std::size_t> places;
  for (std::size_t at = 0; (at = lines->next(text, at, text.size())) <= text.size(); ++at)
    places.push_back(at);
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 19}));
  EXPECT_EQ(whole->next(text, 0, text.size()), 0u);
  EXPECT_GT(whole->next(text, 1, text.size()), text.size());
}

TEST(SaShortcut, WhatMayStandInFrontOfALineIsPassedOver) {
  const auto lines = Openers::of(tree_of("\\s*(?:name|home)"), Openers::Begins::line);
  ASSERT_TRUE(lines);
  const std::string long_lead = "\n" + std::string(100, ' ') + "x";
  const std::string text = "  no name\n\t home\n\n none\n   namely" + long_lead;
  std::vector<std::string> opened;
  for (std::size_t at = 0; (at = lines->next(as_bytes(text), at, text.size())) < text.size(); ++at)
    opened.push_back(text.substr(at, 7));
  EXPECT_EQ(opened, (std::vector<std::string>{"\t home\n", "   name", "       "}));
}

TEST(SaShortcut, FactorsAreFoundInEveryBlock) {
  const auto word_of = [](std::uint32_t i) {
    return std::string{'w', static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26), 'z'};
  };
  constexpr std::uint32_t kWords = 400;
  std::vector<NumberedFactor> factors;
  for (std::uint32_t i = 0; i < kWords; ++i) {
    FactorRow row;
    for (const char letter : word_of(i))
      row.push_back({OctetSet().set(static_cast<unsigned char>(letter))});
    factors.push_back({i, {{row}}});
  }
  const FactorScan scan(factors);
  ASSERT_GE(scan.blocks(), 4u);
  FactorHits hits;
  hits.grow(kWords);
  for (std::uint32_t i = 0; i < kWords; ++i) {
    const std::string text = std::string(i % 50, '-') + word_of(i) + std::string(i % 40, '-');
    scan.scan(as_bytes(text), hits);
    std::vector<std::uint32_t> found;
    hits.take([&](std::uint32_t id, std::uint32_t, std::span<const std::uint32_t> ends) {
      found.push_back(id);
      EXPECT_THAT(ends, testing::ElementsAre(i % 50 + 4));
    });
    EXPECT_THAT(found, testing::ElementsAre(i));
  }
}

// What a continuation octet is depends on the one before, which another stride may hold.
TEST(SaShortcut, LettersOfTwoOctetsAreFoundAtEveryPlace) {
  const auto factor = find_factor(tree_of("x(?:a|\\xd0[\\xb0\\xb1]|\\xe1\\xb8\\x80)z"), {});
  ASSERT_TRUE(factor);
  const FactorScan scan({{0, *factor}});
  FactorHits hits;
  hits.grow(1);
  const auto found = [&](const std::string& text) {
    bool any = false;
    scan.scan(as_bytes(text), hits);
    hits.take([&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t>) { any = true; });
    return any;
  };
  for (std::size_t i = 0; i < 70; ++i) {
    const std::string lead = std::string(i, '-');
    for (const char* letter : {"a", "\xd0\xb0", "\xd0\xb1", "\xe1\xb8\x80"})
      EXPECT_TRUE(found(lead + "x" + letter + "z")) << i << letter;
    for (const char* letter : {"\xd0\xb8", "\xd1\xb0", "\xb0", ""})
      EXPECT_FALSE(found(lead + "x" + letter + "z")) << i << letter;
  }
}

// A class that is no letter takes a continuation octet whatever leads it.
TEST(SaShortcut, AnyOctetIsOneAlsoBehindALead) {
  const auto factor = find_factor(tree_of("x[\\x80-\\xff]{2}z"), {});
  ASSERT_TRUE(factor);
  FactorHits hits;
  hits.grow(1);
  for (const std::string_view text : {"x\xd0\xb8z", "x\xce\x91z", "x\xe4\xb8z"}) {
    FactorScan({{0, *factor}}).scan(as_bytes(text), hits);
    bool any = false;
    hits.take([&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t>) { any = true; });
    EXPECT_TRUE(any) << text;
  }
}

TEST(SaShortcut, OctetsAreCountedOnlyWhereThatIsAllThereIs) {
  const auto counter_of = [](const char* pattern) { return OctetCounter::of(tree_of(pattern)); };
  ASSERT_TRUE(counter_of("e|\\xc3[\\xa8\\xa9]|[\\xc3\\xc4]\\x93"));
  const auto counter = counter_of("e|\\xc3[\\xa8\\xa9]|[\\xc3\\xc4]\\x93");
  EXPECT_EQ(counter->count(as_bytes(std::string_view("Ee\xc3\xa8\xc3\x93\xc4\xa8 \xc3")), 0), 4u);
  EXPECT_EQ(counter->count(as_bytes(std::string_view("eeee")), 3), 3u);
  for (const char* pattern : {"e+", "abc", "e|ex", "ex|e", "(?:)", "e|"})
    EXPECT_FALSE(counter_of(pattern)) << pattern;
  // An assertion is not in the tree.
  for (const char* pattern : {"\\be", "^e", "e$", "(?<!x)e", "e(?=f)", "."})
    EXPECT_NE(plan_pattern({pattern, false, false, false}, Kind::body, true).form, Form::octets)
        << pattern;
}

}  // namespace
}  // namespace sluice::scan::sa
