// How expressions are judged, compiled, and kept.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "scanners/spamassassin/pattern/alike.h"
#include "scanners/spamassassin/pattern/loose_regex.h"
#include "scanners/spamassassin/pattern/pattern_compiler.h"

namespace sluice::scan::sa {
namespace {

namespace fs = std::filesystem;

RegexNode tree_of(const std::string& pattern) {
  return parse_regex({pattern, false, false, false}).value();
}

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / "sluice-cache-XXXXXX") {
    std::string name = path_.string();
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

// The rules that match: the numbers of `patterns`.
std::vector<std::uint32_t> matches(const std::vector<std::string>& patterns, std::string_view text,
                                   ArtifactCache& cache, unsigned threads = 1) {
  std::vector<Pattern> all;
  for (const std::string& pattern : patterns)
    all.push_back({static_cast<std::uint32_t>(all.size()), {pattern, true, false, false}});
  PatternCompiler compiler(cache, threads);
  const std::size_t number = compiler.add(std::move(all), Kind::body);
  compiler.run();
  std::vector<PatternFault> faults;
  const PatternSet set = compiler.take(number, faults);
  EXPECT_TRUE(faults.empty());
  PatternTools tools;
  set.grow(tools);
  hyperscan::MatchSet marks = set.match_set();
  std::vector<std::uint32_t> found;
  set.scan(
      as_bytes(text), tools, marks, [](std::uint32_t) { return false; },
      [&](std::uint32_t rule, std::uint32_t) { found.push_back(rule); });
  return found;
}

// Where the factor ends in the text.
std::vector<std::uint32_t> ends_of(const Factor& factor, std::string_view text) {
  const FactorScan scan({{0, factor}});
  FactorHits hits;
  hits.grow(1);
  scan.scan(as_bytes(text), hits);
  std::vector<std::uint32_t> found;
  hits.take([&](std::uint32_t, std::uint32_t, std::span<const std::uint32_t> ends) {
    found.assign(ends.begin(), ends.end());
  });
  return found;
}

// A loose form as it is asked before PCRE2.
class Guard {
 public:
  explicit Guard(const LooseRegex& loose) : loose_(loose) {
    const hyperscan::Expression expression{.text = loose.text, .every = loose.times > 1};
    if (auto made = hyperscan::Database::compile({&expression, 1})) database_ = std::move(*made);
    if (database_) scratch_.grow_for(*database_);
  }
  bool compiled() const { return database_.has_value(); }
  bool matches(std::string_view text) const {
    return hyperscan::count_matches(*database_, as_bytes(text), scratch_, loose_.times,
                                    loose_.apart) == loose_.times;
  }

 private:
  LooseRegex loose_;
  std::optional<hyperscan::Database> database_;
  hyperscan::Scratch scratch_;
};

bool holds(const Factor& factor, std::string_view text) { return !ends_of(factor, text).empty(); }

TEST(SaCompile, UnfoldedSizeCountsWhatRepeatsStandFor) {
  EXPECT_EQ(unfolded_size(tree_of("ab{3}")), 4u);
  EXPECT_EQ(unfolded_size(tree_of("(?:ab{3}){10}")), 40u);
  EXPECT_EQ(unfolded_size(tree_of("[^]a-z]{2,50}\\w{3}")), 53u);
  EXPECT_EQ(unfolded_size(tree_of("x{a}")), 4u);
  EXPECT_EQ(unfolded_size(tree_of("(?=abc)d\\b(?!e)")), 1u);
}

TEST(SaCompile, WhatTheParserDoesNotKnowHasNoTree) {
  for (const char* pattern : {"(?x) a", "\\p{L}", "(?(1)a|b)", "(", "[", "\\x{100}", "(*UCP)a"})
    EXPECT_FALSE(parse_regex({pattern, false, false, false})) << pattern;
}

// Runs of the expression's own letters make matches likely.
std::string text_like(const std::string& pattern, const std::string& letters,
                      std::mt19937& random) {
  std::string text;
  for (unsigned size = random() % 24; text.size() < size;) {
    text += letters[random() % letters.size()];
    const std::size_t from = random() % pattern.size();
    for (std::size_t at = from; at < pattern.size() && at < from + 3; ++at)
      if (letters.find(pattern[at]) != std::string::npos) text += pattern[at];
  }
  return text;
}

// All that is asked before PCRE2 of one expression, and each has to let its matches through.
struct Asked {
  explicit Asked(const std::string& pattern)
      : factor(find_factor(tree_of(pattern), {})),
        openers(Openers::of(tree_of(pattern), Openers::Begins::anywhere)) {
    if (const auto loose = loose_regex(tree_of(pattern))) guard.emplace(*loose);
    if (const auto regex = front_regex(tree_of(pattern), 700)) front.emplace(*regex);
  }
  // What is wrong, if anything is.
  std::string refusal(std::string_view text, const pcre::Expression::Match& match) const {
    const std::string_view from = text.substr(match.begin);
    if (openers && openers->next(as_bytes(text), match.begin, match.begin) != match.begin)
      return "openers";
    if (guard->compiled() && !guard->matches(from)) return "loose form";
    if (front && front->compiled() && !front->matches(from)) return "front";
    const bool near = std::ranges::any_of(ends_of(*factor, text), [&](std::size_t end) {
      return end >= match.begin && (end <= factor->reach || end - factor->reach <= match.begin);
    });
    return near ? "" : "factor";
  }

  std::optional<Factor> factor;
  std::optional<Openers> openers;
  std::optional<Guard> guard, front;
};

// Texts grown from the letters of an expression: where it matches, its factor is there as well, and
// its loose form matches, and it begins where it may.
TEST(SaCompile, FactorsAndLooseFormsAreInEveryTextThatMatches) {
  const std::vector<std::string> patterns{
      "(?:\\b|\\s)[_\\W]{0,3}v[_\\W]{0,3}[i1!|l][_\\W]{0,3}c[_\\W]{0,3}[o0]",
      "a(?:bc|d[ef]{2,4}|g?)h+[^x]i*?j",
      "(?!ab)(?:[aA\xc0]|\xce\xb1|\xd0[\xb0\x90])(?:b|rn|\xce\xb2)c{1,2}d",
      "(?:ab|c){2,3}d?(?i:e)f|gh.{0,5}ij",
      "(a|b)c\\1d[[:digit:]]{2,}e",
      "^x?(?:yz|w){0,2}abc?$|q+r*s",
      "(?:a(?:b(?:c|d)|e)f|g(?:h|i)){2}",
      "(?:ab|c[de])(?:[ .]{3}|[.x]{1,5}$)",
      "(?:[aA\xc0]|\xce\xb1|&#1(?:0|1);){2,}b(?<=b)(?:c|d)*ef?",
      "(?:[aA\xb8]|\xd0[\xb0\x90]|\xce\xb1|\xe1(?:\xb8\x80|\xbc\x81))\\W{0,2}"
      "(?:[bB\xd0]|\xd1\x8a|\xce\xb2|&#98;){1,2}\\W{0,2}(?:c|\xd1\x81|\xcf\x82)d",
      "(?:[aA\xc0]|\xd0\xb0|&(?=#)(?:#1|x)(?:0|)(?:)(?:[\xd0;]|)\\d?)b(?:c|\xce\xb2){2}",
      "(?:(?:z )?(?:ab{1,3}|cde|(?:fgh|ij)(?:x|yz)?){1,3}[ .]{1,9}){3}",
      "(?:w?(?:(?:ab|cd)e?){1,3}(?: of)?(?:[ .]{1,90}|_)(?:x[a-z ]{1,30})?){2,5}y?"};
  const std::string letters =
      "abcdefghijvxyzqrswo10_ .\xc0\xce\xb1\xb2\xd0\xb0\xd1\x81\x8a\xe1\xb8\x80&#;";
  std::mt19937 random(7);
  pcre::Tools tools;
  int matched = 0, guards = 0, fronts = 0, opened = 0;
  for (const std::string& pattern : patterns) {
    auto expression = pcre::Expression::compile(pattern, {});
    const Asked asked(pattern);
    ASSERT_TRUE(expression && asked.factor && asked.guard) << pattern;
    opened += asked.openers.has_value();
    guards += asked.guard->compiled();
    fronts += asked.front && asked.front->compiled();
    for (int i = 0; i < 8'000; ++i) {
      const std::string text = text_like(pattern, letters, random);
      pcre::Expression::Match match;
      if (!expression->find(as_bytes(text), 0, tools, match)) continue;
      ++matched;
      ASSERT_EQ(asked.refusal(text, match), "") << pattern << "\n" << text;
    }
  }
  EXPECT_GT(matched, 300);
  EXPECT_GT(guards, 8);
  EXPECT_GT(fronts, 8);
  EXPECT_GT(opened, 5);
}

TEST(SaCompile, WhatIsMadeOfTwoMatchesWhatEachDoes) {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"(?:a(?:b|cd)e{2,4}[ .]){2}", "(?:a(?:b|cd)e{2,4}[ .](?:x|yz)?){3}"},
      {"(?:ab?[cd])", "(?:w*ab?[ce]x)"},
      {"(?:abcd)", "(?:bacd)"},
      {"(?:(?:a|b)c)", "(?:(?:b|[de]){2}c)"},
      {"(?:x[ab]{1,2}c)", "(?:x[bd]{2,4}cc)"},
      {"(?:a|bc)", "(?:bc|d.*e)"},
      {"(?:ab)", "(?:cd$)"}};
  std::mt19937 random(5);
  pcre::Tools tools;
  int matched = 0;
  for (const auto& [one, other] : pairs)
    for (const RegexNode& merged :
         {merge_alike(tree_of(one), tree_of(other)), merge_alike(tree_of(other), tree_of(one))}) {
      EXPECT_EQ(merge_alike(merged, merged), merged);
      const Guard guard(loose_regex(merged).value());
      ASSERT_TRUE(guard.compiled()) << one;
      for (const std::string& pattern : {one, other}) {
        auto expression = pcre::Expression::compile(pattern, {});
        for (int i = 0; i < 3'000; ++i) {
          const std::string text = text_like(pattern, "abcdewxyz .", random);
          pcre::Expression::Match match;
          if (!expression->find(as_bytes(text), 0, tools, match)) continue;
          ++matched;
          ASSERT_TRUE(guard.matches(std::string_view(text).substr(match.begin))) << pattern << text;
        }
      }
    }
  EXPECT_GT(matched, 3'000);
}

TEST(SaCompile, AFactorIsNotInOrdinaryText) {
  const auto factor =
      find_factor(tree_of("(?:\\b|\\s)[_\\W]{0,3}v[_\\W]{0,3}[i1][_\\W]{0,3}c[o0]"), {});
  ASSERT_TRUE(factor);
  EXPECT_GT(factor->bits, 8);
  EXPECT_FALSE(holds(*factor, "the quick brown fox jumps over its own tail"));
  EXPECT_TRUE(holds(*factor, "cheap v.1 - co-din"));
}

// "word", also in letters of other scripts that look like it, as stock rules have them.
TEST(SaCompile, TextInAnotherScriptHoldsNoFactorOfLettersThatLookLikeLatin) {
  const std::string w = "(?:[wW\xf8]|\xd1[\x88\x89\xa1]|\xcf[\x89\x8e]|\xe1\xba[\x80-\x89])";
  const std::string o = "(?:[oO0\xd6\xf6]|\xd0[\x9e\xbe]|\xce\xbf|\xd5\x95|\xf0\x9d\x90\x8e)";
  const std::string r = "(?:[rR]|\xd0[\x93\xaf]|\xd1\x8f|\xe1\xb9[\x98-\x9f]|&#1071;)";
  const std::string d = "(?:[dD\xd0]|\xd4[\x80\x81]|\xe1\xb8[\x8a-\x93])";
  const auto factor = find_factor(tree_of("(?=" + w + ")(?!word)" + w + o + r + d), {});
  ASSERT_TRUE(factor);
  EXPECT_TRUE(holds(*factor,
                    "w\xd0\xbe\xd1\x8f"
                    "D"));
  EXPECT_TRUE(holds(*factor, "\xd1\x88\xce\xbf\xd0\xaf\xd0"));
  EXPECT_TRUE(holds(*factor, "\xe1\xba\x81\xf0\x9d\x90\x8e\xe1\xb9\x9a\xe1\xb8\x8b"));
  for (const char* text : {"Уважаемые коллеги, завтра состоится собрание по новым вопросам.",
                           "Αγαπητοί συνάδελφοι, αύριο θα πραγματοποιηθεί συνάντηση.",
                           "各位同事，明天上午十点我们将在会议室召开项目进展会议。",
                           "프로젝트에 관한 회의가 있을 예정이니 보고서를 준비하여"})
    EXPECT_FALSE(holds(*factor, text)) << text;
}

// One copy of what is repeated is common, five in a row are not.
TEST(SaCompile, ALooseFormIsNotInOrdinaryText) {
  const std::string copy = "(?:(?:your )?(?:first |last )?(?:name|home|address)[ .:]{1,100}){5}";
  const Guard guard(loose_regex(tree_of(copy)).value());
  ASSERT_TRUE(guard.compiled());
  EXPECT_FALSE(guard.matches("your name is at home and your address: is on the way"));
  EXPECT_FALSE(guard.matches("last name your home address. name"));
  EXPECT_TRUE(guard.matches("last name your home address. name: home: "));
}

TEST(SaCompile, AFactorIsCountedWhereItsGroupRepeats) {
  ArtifactCache none("");
  const std::vector<std::string> forms{"(?:[_\\W]*n[_\\W]*[a4][_\\W]*m[_\\W]*[e3][^:]{1,90}){3}"};
  EXPECT_EQ(find_factor(tree_of(forms[0]), {})->times, 3u);
  EXPECT_EQ(matches(forms, "name a name b name c", none).size(), 1u);
  EXPECT_EQ(matches(forms, "name a n-a-m-e b", none).size(), 0u);
  // Ends of one copy do not count for several.
  EXPECT_EQ(least_width(*find_factor(tree_of("(?:ab+[.,]{2,9}){3}"), {})), 3u);
}

TEST(SaCompile, ExpressionsOfEveryFormFindWhatTheyShould) {
  ArtifactCache none("");
  std::string large = "begin(?:";  // beyond what PCRE2 can link with 16 bits
  for (int i = 0; i < 9'000; ++i) large += "[a\\xe4]x" + std::to_string(i) + "|";
  large += "zz)end";
  const std::vector<std::string> patterns{"plain literal", "(foo|bar)-\\1",
                                          "[_\\W]?v[_\\W]?[i1]c[o0]d", large,
                                          "^$|nothing.*(?<=much) more"};
  EXPECT_EQ(matches(patterns, "A PLAIN literal", none), (std::vector<std::uint32_t>{0}));
  EXPECT_EQ(matches(patterns, "foo-bar bar-BAR", none), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(matches(patterns, "some V-1cod", none), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(matches(patterns, "beginAx8999end", none), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(matches(patterns, "beginax9000end", none), (std::vector<std::uint32_t>{}));
  EXPECT_EQ(matches(patterns, "", none), (std::vector<std::uint32_t>{4}));
}

TEST(SaCompile, ThreadsMakeNoDifference) {
  ArtifactCache none("");
  std::vector<std::string> patterns;
  for (int i = 0; i < 500; ++i) patterns.push_back("word" + std::to_string(i) + "[_\\W]?x[i1]q");
  EXPECT_EQ(matches(patterns, "word17 x1q word499-xiq", none, 4),
            matches(patterns, "word17 x1q word499-xiq", none, 1));
}

class SaCache : public ::testing::Test {
 protected:
  std::string cache_path() const { return folder_.path() + "/kept"; }
  Folder folder_;
  const std::vector<std::string> patterns_{"plain literal", "(?:and|or) another"};
};

TEST_F(SaCache, WhatWasCompiledIsFoundAgain) {
  ArtifactCache first(cache_path());
  EXPECT_EQ(matches(patterns_, "plain literal and another", first).size(), 2u);
  EXPECT_EQ(first.found(), 0u);
  EXPECT_EQ(first.stored(), 1u);
  struct stat status{};
  ASSERT_EQ(::stat(cache_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ArtifactCache second(cache_path());
  EXPECT_EQ(matches(patterns_, "plain literal and another", second).size(), 2u);
  EXPECT_EQ(second.found(), 1u);
  EXPECT_EQ(second.stored(), 0u);
  EXPECT_TRUE(second.notes().empty());
}

TEST_F(SaCache, WhatIsDamagedIsNamedAndMadeAgain) {
  ArtifactCache first(cache_path());
  matches(patterns_, "", first);
  for (const auto& entry : fs::directory_iterator(cache_path())) {
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-3, std::ios::end);
    file.put('\x5a');
  }
  ArtifactCache second(cache_path());
  EXPECT_EQ(matches(patterns_, "plain literal and another", second).size(), 2u);
  EXPECT_EQ(second.found(), 0u);
  ASSERT_EQ(second.notes().size(), 1u);
  EXPECT_NE(second.notes()[0].find("compiled again"), std::string::npos);
  ArtifactCache third(cache_path());
  matches(patterns_, "", third);
  EXPECT_EQ(third.found(), 1u);
}

TEST_F(SaCache, AFolderThatOthersCanWriteIsNotTrusted) {
  fs::create_directory(cache_path());
  ::chmod(cache_path().c_str(), 0777);
  ArtifactCache cache(cache_path());
  EXPECT_EQ(matches(patterns_, "plain literal", cache).size(), 1u);
  EXPECT_EQ(cache.stored(), 0u);
  ASSERT_EQ(cache.notes().size(), 1u);
  EXPECT_NE(cache.notes()[0].find("0700"), std::string::npos);
  EXPECT_TRUE(fs::is_empty(cache_path()));
}

}  // namespace
}  // namespace sluice::scan::sa
