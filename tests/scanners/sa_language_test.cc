// SpamAssassin's rule language: what is read, what is refused and in which words.
#include <gtest/gtest.h>

#include <random>

#include "scanners/spamassassin/condition.h"
#include "scanners/spamassassin/expression.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::sa {
namespace {

RuleBook read(std::string_view text, std::string* problems = nullptr) {
  config::Problems found;
  RuleBook book = parse_rule_book(text, "t.cf", found);
  if (problems != nullptr)
    *problems = config::text_of(found);
  else
    EXPECT_EQ(config::text_of(found), "");
  return book;
}

std::string problems_of(std::string_view text) {
  std::string problems;
  read(text, &problems);
  return problems;
}

// Of the variables a to d.
std::expected<Expression, std::string> parse(std::string_view text) {
  return Expression::parse(text,
                           [](std::string_view name,
                              std::string_view) -> std::expected<Expression::Operand, std::string> {
                             if (name.size() != 1) return std::unexpected("unknown");
                             return Expression::Operand{false, 0,
                                                        static_cast<std::uint32_t>(name[0] - 'a')};
                           });
}

double value_of(std::string_view text) {
  const auto expression = parse(text);
  if (!expression) return -1'000;
  const std::array<float, 4> values{0, 1, 2, 3};  // a b c d
  return expression->evaluate(values);
}

TEST(SaExpression, ValuesAndPrecedence) {
  EXPECT_EQ(value_of("1 + 2 * 3"), 7);
  EXPECT_EQ(value_of("b + c > 2"), 1);
  EXPECT_EQ(value_of("!a && (b || a)"), 1);
  EXPECT_EQ(value_of("a && d"), 0);
  EXPECT_EQ(value_of("b && d"), 3);  // the right value goes through, as in Perl
  EXPECT_EQ(value_of("a || c"), 2);
  // What is right of "&&" and "||" is not always worked out, what is behind it is.
  EXPECT_EQ(value_of("a && b || c"), 2);
  EXPECT_EQ(value_of("c || b && d"), 2);
  EXPECT_EQ(value_of("a && (b || d) && c || d && (c || a) && b || 5"), 1);
  EXPECT_EQ(value_of("(d || a && b) + (a && (b || c)) * 7 + (b && c)"), 5);
  EXPECT_EQ(value_of("(b && d) + (a || c) >= 5"), 1);
  EXPECT_EQ(value_of("d - c - b"), 0);  // from the left
  EXPECT_EQ(value_of("!!d"), 1);
  EXPECT_EQ(value_of("d / a"), 0);  // no division by zero
  EXPECT_EQ(value_of("b!=c"), 1);
  EXPECT_EQ(value_of("-1 + c"), 1);
}

// An expression that grows by chance, and what it is, worked out as it is written.
class Grown {
 public:
  explicit Grown(unsigned seed) : random_(seed) {}

  std::pair<std::string, double> operand(int depth) {
    switch (below(depth > 0 ? 6 : 3)) {
      case 0: return {"(" + std::to_string(below(4)) + ")", last_};
      case 1:
      case 2: return {std::string(1, static_cast<char>('a' + below(4))), last_};
      case 3: {
        const auto [text, value] = operand(depth - 1);
        return {"!" + text, value == 0 ? 1 : 0};
      }
      default: return chain(depth - 1);
    }
  }
  // "(x + y + z)": one operator, many operands, from the left.
  std::pair<std::string, double> chain(int depth) {
    constexpr std::array<const char*, 5> kOperators{" + ", " && ", " || ", " - ", " > "};
    const int by = below(5);
    auto [text, value] = operand(depth);
    for (int more = below(6); more >= 0; --more) {
      const auto [next, is] = operand(depth);
      text += kOperators[static_cast<std::size_t>(by)] + next;
      switch (by) {
        case 0: value += is; break;
        case 1: value = value != 0 ? is : 0; break;
        case 2: value = value != 0 ? value : is; break;
        case 3: value -= is; break;
        default: value = value > is ? 1 : 0;
      }
    }
    return {"(" + text + ")", value};
  }

 private:
  int below(int end) { return last_ = std::uniform_int_distribution(0, end - 1)(random_); }

  std::mt19937 random_;
  int last_ = 0;
};

TEST(SaExpression, LongRowsHaveTheValueOfTheirParts) {
  for (unsigned seed = 0; seed < 4'000; ++seed) {
    const auto [text, value] = Grown(seed).chain(4);
    ASSERT_EQ(value_of(text), value) << text;
  }
  std::string sum = "d";
  for (int i = 0; i < 5'000; ++i) sum += " + c";
  EXPECT_EQ(value_of(sum), 10'003);
}

// Those that weigh least; "-" where the value may be other than 0 without any.
std::string needed_by(std::string_view text) {
  const auto needed = parse(text)->needed([](std::uint32_t variable) -> std::optional<double> {
    if (variable == 3) return {};
    return variable + 1;
  });
  if (!needed) return "-";
  std::string names;
  for (const std::uint32_t variable : needed->variables) names += static_cast<char>('a' + variable);
  return names;
}

TEST(SaExpression, WithoutWhatIsNeededThereIsNoValue) {
  EXPECT_EQ(needed_by("b && a"), "a");
  EXPECT_EQ(needed_by("!a && c"), "c");
  EXPECT_EQ(needed_by("(a || b || c) && (b || c)"), "bc");
  EXPECT_EQ(needed_by("a + b > 1"), "ab");
  EXPECT_EQ(needed_by("a || d"), "-");
  EXPECT_EQ(needed_by("0 && d"), "");
  for (const char* text : {"a > 0",
                           "a > -1",
                           "a >= 0",
                           "a >= 1",
                           "a == 0",
                           "a == 2",
                           "a < 1",
                           "1 > a",
                           "a != b",
                           "a ^ b",
                           "!a",
                           "-a",
                           "a - b",
                           "a * b",
                           "a / b",
                           "b / a",
                           "(a && b) || c",
                           "a && (b || !c)",
                           "(a + b + c) > 1",
                           "a > b",
                           "a == b && c",
                           "1",
                           "0",
                           "a * 0",
                           "!(a || b) && c"}) {
    const auto expression = parse(text).value();
    const std::string needed = needed_by(text);
    if (needed == "-") continue;
    for (unsigned i = 0; i < 27; ++i) {
      std::array<float, 4> values{static_cast<float>(i % 3), static_cast<float>(i / 3 % 3),
                                  static_cast<float>(i / 9), 0};
      for (const char name : needed) values[static_cast<std::size_t>(name - 'a')] = 0;
      EXPECT_EQ(expression.evaluate(values), 0) << text;
    }
  }
}

TEST(SaExpression, FaultsAreNoValues) {
  for (const char* text : {"", "(", "b +", "b c", "b && && c", "nope", "1..2", "b)"})
    EXPECT_EQ(value_of(text), -1'000) << text;
  EXPECT_EQ(value_of(std::string(10'000, '(')), -1'000);
  EXPECT_EQ(value_of(std::string(10'000, '!') + "b"), -1'000);
}

TEST(SaCondition, VersionsPluginsAndAbilities) {
  EXPECT_TRUE(*evaluate_condition("(version >= 3.004002)"));
  EXPECT_FALSE(*evaluate_condition("version >= 4.001000"));
  EXPECT_TRUE(*evaluate_condition("plugin(Mail::SpamAssassin::Plugin::FreeMail)"));
  EXPECT_FALSE(*evaluate_condition("plugin(Mail::SpamAssassin::Plugin::Nothing)"));
  EXPECT_TRUE(*evaluate_condition("!(!can(Mail::SpamAssassin::Conf::feature_bug6558_free))"));
  EXPECT_FALSE(evaluate_condition("moon == 1"));
}

TEST(SaRuleBook, ReadsEachKindOfRule) {
  const RuleBook book = read(R"(
header   H_ONE    Subject =~ /cheap\#1/i   # a comment
header   H_TWO    From:addr !~ m{@example\.com$}  [if-unset: nobody@example.com]
header   H_THREE  exists:X-Mailer
header   H_FOUR   eval:check_for('a b', 2)
body     B_ONE    /free money/
describe B_ONE    promises money
tflags   B_ONE    multiple maxhits=3 nosubject
uri      U_ONE    m'^https?://bad\.example/'
mimeheader M_ONE  Content-Type:raw =~ /zip/
meta     META_ONE (H_ONE && B_ONE >= 2)
score    B_ONE    1.5
score    H_ONE    0 1 2 3
rawbody  __R      /x/s
)");
  ASSERT_EQ(book.rules.size(), 9u);
  const Rule& one = *book.find("H_ONE");
  EXPECT_EQ(one.regex.pattern, "cheap#1");
  EXPECT_TRUE(one.regex.caseless);
  EXPECT_EQ(one.scores[2], 2);
  const Rule& two = *book.find("H_TWO");
  EXPECT_TRUE(two.negated && two.target.address && two.has_unset);
  EXPECT_EQ(two.if_unset, "nobody@example.com");
  EXPECT_EQ(two.scores[0], 1);
  EXPECT_TRUE(book.find("H_THREE")->exists);
  EXPECT_EQ(book.find("H_FOUR")->call.arguments, (std::vector<std::string>{"a b", "2"}));
  const Rule& body = *book.find("B_ONE");
  EXPECT_EQ(body.description, "promises money");
  EXPECT_EQ(body.flags.hits_max, 3u);
  EXPECT_TRUE(body.flags.no_subject && body.scored);
  EXPECT_EQ(book.find("U_ONE")->regex.pattern, R"(^https?://bad\.example/)");
  EXPECT_TRUE(book.find("M_ONE")->target.raw);
  EXPECT_TRUE(book.find("__R")->helper() && book.find("__R")->regex.dotall);
  EXPECT_EQ(book.find("META_ONE")->meta, "(H_ONE && B_ONE >= 2)");
}

TEST(SaRuleBook, ConditionsChooseAndNest) {
  const RuleBook book = read(R"(
if (version >= 3)
  ifplugin Mail::SpamAssassin::Plugin::None
    body NOT_ONE /x/
    if (version >= 3)
      body NOT_TWO /x/
    endif
  else
    body YES /x/
  endif
endif
body LAST /x/
)");
  EXPECT_EQ(book.rules.size(), 2u);
  EXPECT_TRUE(book.find("YES") && book.find("LAST"));
}

TEST(SaRuleBook, TagsAreReplacedInNamedRulesOnly) {
  const RuleBook book = read(R"(
replace_tag  A  [a4]
replace_tag  B  (?:b|<A>)
replace_inter W \W?
replace_post P  {1,2}
body FUZZY  /<inter W><post P><A><B>x<A>/
body PLAIN  /<A>/
replace_rules FUZZY
)");
  EXPECT_EQ(book.find("FUZZY")->regex.pattern, R"([a4]{1,2}\W?(?:b|[a4]){1,2}x[a4]{1,2})");
  EXPECT_EQ(book.find("PLAIN")->regex.pattern, "<A>");
}

TEST(SaRuleBook, ALaterDefinitionReplacesTheFormer) {
  const RuleBook book = read("body A /one/\nbody B /x/\nheader A Subject =~ /two/\n");
  ASSERT_EQ(book.rules.size(), 2u);
  EXPECT_EQ(book.rules[0].kind, Kind::header);
}

TEST(SaRuleBook, EachFaultIsNamedAndTheRestGoesOn) {
  std::string problems;
  const RuleBook book = read(R"(body GOOD /x/
body 1BAD /x/
body OPEN /x
header NOPE Subject /x/
scoer GOOD 1
score GOOD one
header ODD From:colour =~ /x/
endif
if (moon)
endif
meta LAST GOOD
)",
                             &problems);
  EXPECT_EQ(book.rules.size(), 2u);
  EXPECT_EQ(problems,
            "t.cf:2: body: \"1BAD\" is no name of a rule: letters, digits and _, at most 128, no "
            "digit first\n"
            "t.cf:3: body OPEN: the closing '/' is missing\n"
            "t.cf:4: header NOPE: a header rule is written: Field =~ /expression/, Field !~ /…/, "
            "exists:Field or eval:function()\n"
            "t.cf:5: scoer: did you mean \"score\"?\n"
            "t.cf:6: score GOOD: \"one\" is no score\n"
            "t.cf:7: header ODD: :colour is unknown; known: :raw, :addr, :name, :host, :domain, "
            ":ip, :revip, :first, :last\n"
            "t.cf:8: endif: no if is open\n"
            "t.cf:9: if: \"moon\" is no condition; known: version, plugin(), can(), has()\n");
}

TEST(SaRuleBook, SettingsAreKeptInOrder) {
  const RuleBook book = read("freemail_domains a.example b.example\nfreemail-domains c.example\n");
  ASSERT_EQ(book.setting("freemail_domains").size(), 2u);
  EXPECT_EQ(book.setting("freemail_domains")[1], "c.example");
}

TEST(SaRuleBook, HostileTextIsBounded) {
  problems_of(std::string(100'000, '(') + "\nbody A /" + std::string(500'000, 'x') + "/\n");
  std::string nested;
  for (int i = 0; i < 1'000; ++i) nested += "if version\n";
  EXPECT_NE(problems_of(nested), "");
}

}  // namespace
}  // namespace sluice::scan::sa
