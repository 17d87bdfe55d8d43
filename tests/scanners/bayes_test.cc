// The classifier: tokens, the model made from what was counted, its opinion, and what rules hear of
// it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "scanners/bayes/classifier.h"
#include "scanners/bayes/models.h"
#include "scanners/bayes/tokenizer.h"
#include "scanners/builtin_rules.h"
#include "scanners/mime/message_reader.h"
#include "scanners/scanner.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::scan::bayes {
namespace {

std::set<Token> tokens_of(std::string_view message, std::size_t chunk = SIZE_MAX,
                          Token* identity = nullptr) {
  mime::Wanted wanted;
  wanted.body = wanted.uris = true;
  mime::MessageReader reader({}, wanted);
  mime::Workspace workspace;
  Tokenizer tokenizer;
  tokenizer.begin();
  reader.begin();
  while (!message.empty()) {
    const std::string_view piece = message.substr(0, chunk);
    reader.feed(as_bytes(piece), workspace, tokenizer);
    message.remove_prefix(piece.size());
  }
  reader.finish(workspace, tokenizer);
  if (identity != nullptr) *identity = tokenizer.identity();
  const auto tokens = tokenizer.tokens();
  return {tokens.begin(), tokens.end()};
}

Token word(std::string_view lower) { return of(Kind::word, hash(lower, 0)); }
Token host(std::string_view name) { return of(Kind::uri_host, hash(name, 0)); }
Token relation(std::size_t field, std::uint64_t which) {
  return of(Kind::relation, mix(field, which));
}

constexpr std::string_view kMessage =
    "From: Ann <ann@shop.example>\r\nTo: bob@example.com\r\nSubject: Cheap WATCHES\r\n"
    "Message-ID: <12ab.34@shop.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    "<p>Buy <b>cheap</b> wat<i></i>ches now at <a href=\"http://www.shop.example/w?id=7\">us</a>"
    "</p>\r\n";

TEST(BayesTokens, AreOfTheTextThatAPersonReads) {
  const std::set<Token> tokens = tokens_of(kMessage);
  for (const char* seen : {"buy", "cheap", "watches", "now"})
    EXPECT_TRUE(tokens.contains(word(seen))) << seen;
  for (const char* unseen : {"href", "wat", "absent"})
    EXPECT_FALSE(tokens.contains(word(unseen))) << unseen;
  EXPECT_TRUE(tokens.contains(of(Kind::pair, mix(hash("cheap", 0), hash("watches", 0)))));
  EXPECT_TRUE(tokens.contains(of(Kind::shouted, hash("WATCHES", 0))));
  for (const char* name : {"www.shop.example", "shop.example", "example"})
    EXPECT_TRUE(tokens.contains(host(name))) << name;
}

TEST(BayesTokens, AWordInDisguiseIsTheWordAsWell) {
  const std::set<Token> tokens = tokens_of("Subject: x\r\n\r\nV1agra fr.ee 2nd 1,000 4711abc\r\n");
  EXPECT_TRUE(tokens.contains(word("viagra")));
  EXPECT_TRUE(tokens.contains(word("free")));
  EXPECT_TRUE(tokens.contains(word("v1agra")));
  EXPECT_TRUE(tokens.contains(of(Kind::folded, hash("viagra", 0))));
  EXPECT_FALSE(tokens.contains(of(Kind::folded, hash("abc", 0))));  // that is a number
}

TEST(BayesTokens, KnowWhetherTheDomainsOfFieldsAgree) {
  const std::set<Token> tokens =
      tokens_of("Reply-To: <a@evil.example>\r\nReturn-Path: <b@mail.shop.example>\r\n" +
                std::string(kMessage));
  EXPECT_TRUE(tokens.contains(relation(1, 2)));  // Reply-To: another
  EXPECT_TRUE(tokens.contains(relation(2, 1)));  // Return-Path: the same
  EXPECT_TRUE(tokens.contains(relation(3, 1)));  // Message-ID
  EXPECT_TRUE(tokens_of(kMessage).contains(relation(1, 0)));
}

// Who got a message and which words a place puts into its header do not make it spam.
TEST(BayesTokens, LeaveOutThePlaceThatAMessageCameTo) {
  std::string other(kMessage);
  other.replace(other.find("bob@example.com"), 15, "eve@example.net");
  EXPECT_EQ(tokens_of(other), tokens_of(kMessage));
  EXPECT_EQ(tokens_of("X-Site: one\r\n" + other), tokens_of("X-Site: two\r\n" + other));
  EXPECT_NE(tokens_of("X-Mailer: one\r\n" + other), tokens_of("X-Mailer: two\r\n" + other));
}

TEST(BayesTokens, HaveNamesForWhoAsks) {
  mime::Wanted wanted;
  wanted.body = wanted.uris = true;
  mime::MessageReader reader({}, wanted);
  mime::Workspace workspace;
  Tokenizer tokenizer;
  TokenNames names;
  tokenizer.explain(&names);
  tokenizer.begin();
  reader.begin();
  reader.feed(as_bytes(kMessage), workspace, tokenizer);
  reader.finish(workspace, tokenizer);
  EXPECT_EQ(names.of(word("cheap")), "word \"cheap\"");
  EXPECT_EQ(names.of(of(Kind::pair, mix(hash("cheap", 0), hash("watches", 0)))),
            "words \"cheap watches\"");
  EXPECT_EQ(names.of(host("shop.example")), "host \"shop.example\"");
  EXPECT_EQ(names.of(of(Kind::shouted, hash("WATCHES", 1))), "as written of Subject \"WATCHES\"");
  EXPECT_EQ(names.of(of(Kind::anomaly, 12345)), "anomaly");
}

TEST(BayesTokens, AreTheSameWhateverTheChunks) {
  const std::set<Token> whole = tokens_of(kMessage);
  for (const std::size_t chunk : {1U, 2U, 7U, 64U}) EXPECT_EQ(tokens_of(kMessage, chunk), whole);
}

TEST(BayesTokens, LeaveOutWhatFiltersListsAndStoresSaid) {
  const std::string said =
      "X-Spam-Flag: YES\r\nAuthentication-Results: mx; dkim=pass\r\nList-Id: <a.example>\r\n"
      "Delivered-To: bob@example.com\r\nStatus: RO\r\n";
  EXPECT_EQ(tokens_of(said + std::string(kMessage)), tokens_of(kMessage));
  EXPECT_NE(tokens_of("X-Mailer: Bulk\r\n" + std::string(kMessage)), tokens_of(kMessage));
}

TEST(BayesTokens, AMessageIsTheSameWithWhatItsWayPutBeforeIt) {
  Token one = 0, two = 0, other = 0;
  tokens_of(kMessage, SIZE_MAX, &one);
  tokens_of("Received: from a by b\r\n" + std::string(kMessage), SIZE_MAX, &two);
  tokens_of(std::string(kMessage) + "more\r\n", SIZE_MAX, &other);
  EXPECT_EQ(one, two);
  EXPECT_NE(one, other);
}

TEST(BayesTokens, HaveALimitForAMessage) {
  std::string text = "Subject: x\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) text += "w" + std::to_string(i) + " ";
  const std::set<Token> tokens = tokens_of(text);
  EXPECT_LT(tokens.size(), kTokensMax);
  EXPECT_GT(tokens.size(), kTokensMax / 2);
  text = "Subject: still\r\n" + text + "http://shop.example/\r\n";
  EXPECT_TRUE(tokens_of(text).contains(host("shop.example")));
  EXPECT_EQ(tokens_of(text, 100), tokens_of(text));
}

std::shared_ptr<const Model> model_of(const std::map<Token, Counts>& counts, Counts learned) {
  return std::make_shared<const Model>(learned, [&](const Model::Visit& visit) {
    for (const auto& [token, count] : counts) visit(token, count);
  });
}

TEST(BayesModel, KeepsWhatSpeaksAndFindsIt) {
  std::map<Token, Counts> counts{{1, {100, 0}}, {2, {0, 100}}, {3, {50, 50}}};
  for (Token token = 1'000; token < 3'000; ++token) counts[token] = {9, 1};
  const auto model = model_of(counts, {1'000, 1'000});
  ASSERT_NE(model->find(1), nullptr);
  EXPECT_LT(model->find(1)->ham, model->find(1)->spam);
  EXPECT_GT(model->find(2)->ham, model->find(2)->spam);
  EXPECT_EQ(model->find(3), nullptr);  // it says nothing
  EXPECT_EQ(model->find(4), nullptr);
  for (Token token = 1'000; token < 3'000; ++token) ASSERT_NE(model->find(token), nullptr);
  EXPECT_EQ(model->tokens(), 2'002U);
}

TEST(BayesModel, HasNoOpinionBeforeEnoughIsLearned) {
  EXPECT_FALSE(model_of({{1, {199, 0}}}, {199, 5'000})->ready());
  EXPECT_TRUE(model_of({{1, {200, 0}}}, {200, 200})->ready());
  const Models none{};
  EXPECT_EQ(none.of("example.com"), nullptr);
}

TEST(BayesModel, ADomainIsAskedItsOwnWhenThatIsReady) {
  const auto general = model_of({}, {500, 500});
  const auto own = model_of({}, {300, 300});
  const auto young = model_of({}, {3, 3});
  const Models models{general, {{"one.example", own}, {"two.example", young}}};
  EXPECT_EQ(models.of("ONE.example"), own.get());
  EXPECT_EQ(models.of("two.example"), general.get());
  EXPECT_EQ(models.of(""), general.get());
}

// Tokens 1 to 300 of each kind were in spam only, 1001 to 1300 in wanted mail only.
class BayesClassifier : public testing::Test {
 protected:
  static constexpr Token kSpam = 1, kHam = 1'001;

  BayesClassifier() {
    for (const Kind kind : kKinds)
      for (Token i = 0; i < 300; ++i) {
        counts_[of(kind, kSpam + i)] = {80, 0};
        counts_[of(kind, kHam + i)] = {0, 80};
      }
    model_ = model_of(counts_, {500, 500});
  }
  Opinion opinion(const std::vector<Token>& tokens) {
    return classifier_.classify(*model_, tokens);
  }
  // `count` tokens of each of these kinds.
  static std::vector<Token> message(Token from, std::size_t count,
                                    std::initializer_list<Kind> kinds) {
    std::vector<Token> tokens;
    for (const Kind kind : kinds)
      for (Token token = from; token < from + count; ++token) tokens.push_back(of(kind, token));
    return tokens;
  }

  static std::vector<Token> both(std::vector<Token> one, const std::vector<Token>& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
  }

  static constexpr std::initializer_list<Kind> kKinds{Kind::word, Kind::pair, Kind::uri_host,
                                                      Kind::part, Kind::field};
  std::map<Token, Counts> counts_;
  std::shared_ptr<const Model> model_;
  Classifier classifier_{2'000};
};

TEST_F(BayesClassifier, IsSureOfOneKindAndUnsureOfBoth) {
  const std::vector<Token> spam = message(kSpam, 20, kKinds);
  const std::vector<Token> ham = message(kHam, 20, kKinds);
  EXPECT_GT(opinion(spam).probability, 0.9999);
  EXPECT_LT(opinion(ham).probability, 0.0001);
  EXPECT_EQ(opinion(spam).tokens, 100U);
  EXPECT_NEAR(opinion(both(spam, ham)).probability, 0.5, 0.01);
  EXPECT_EQ(opinion(both(spam, spam)).tokens, 100U);  // the same again says nothing more
  EXPECT_EQ(opinion({7'777, 7'778}).tokens, 0U);
}

// However much of it there is: a long message of words that only spam had, in mail that is like
// wanted mail in everything else.
TEST_F(BayesClassifier, OneViewIsNeverEnough) {
  const PerView weights = Parameters().weights;
  std::size_t view = 0;
  for (const Kind kind : kKinds) {
    const Opinion one = opinion(message(kSpam, 300, {kind}));
    EXPECT_GT(one.balance[view], 0.7) << kViewNames[view];
    EXPECT_LE(one.log_odds, weights[view]) << kViewNames[view];
    EXPECT_EQ(one.tokens, Parameters().significant_max);
    ++view;
  }
  const auto others = {Kind::pair, Kind::uri_host, Kind::part, Kind::field};
  EXPECT_LT(opinion(both(message(kSpam, 300, {Kind::word}), message(kHam, 5, others))).probability,
            0.5);
  // Nor does who adds a page of wanted words get away with the links and the form of spam.
  EXPECT_GT(opinion(both(message(kHam, 300, {Kind::word}), message(kSpam, 5, others))).probability,
            0.5);
}

TEST_F(BayesClassifier, AHandfulOfTokensSaysLittle) {
  const double one = opinion(message(kSpam, 1, {Kind::word})).balance[0];
  const double three = opinion(message(kSpam, 3, {Kind::word})).balance[0];
  const double many = opinion(message(kSpam, 100, {Kind::word})).balance[0];
  EXPECT_GT(one, 0.3);
  EXPECT_GT(three, one);
  EXPECT_GT(many, three);
  EXPECT_LT(many, 1);
}

TEST_F(BayesClassifier, KnowsWhatItsOpinionWasMadeOf) {
  const std::vector<Token> tokens = message(kSpam, 200, {Kind::word, Kind::uri_host});
  EXPECT_EQ(opinion(tokens).tokens, 300U);
  const auto evidence = classifier_.evidence();
  ASSERT_EQ(evidence.size(), 300U);
  const auto links = std::ranges::count_if(
      evidence, [](const Model::Entry& one) { return view_of(one.token) == View::links; });
  EXPECT_EQ(links, 150);
}

// The engine's scanner with the rules of the stock set.
class BayesScanner : public testing::Test {
 protected:
  BayesScanner() { std::filesystem::create_directories(folder_); }
  ~BayesScanner() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/" + name) << text;
    return folder_ + "/" + name;
  }
  static ScanSettings settings() {
    ScanSettings settings;
    settings.scl_score = {1, 2, 3, 4, 5, 6.5, 8, 10, 15};
    settings.classifier = settings.trained = true;
    return settings;
  }

  std::string folder_ = testing::TempDir() + "bayes_scanner";
};

// SpamAssassin's scores are for its own classifier; those of the place are what is wanted.
TEST_F(BayesScanner, ScoresOfItsRulesAreOursBetweenTheDistributionsAndThePlaces) {
  write("23_bayes.cf",
        "body BAYES_99 eval:check_bayes('0.99', '1.00')\ntflags BAYES_99 learn\n"
        "body BAYES_50 eval:check_bayes('0.40', '0.60')\n"
        "body OTHER /x/\n");
  write("50_scores.cf", "score BAYES_99 0 0 3.8 3.5\nscore BAYES_50 0 0 2.0 0.8\nscore OTHER 3\n");
  const std::string distribution = folder_;
  const auto score = [](const RuleSet& rules, std::string_view name) {
    for (std::uint16_t rule = 0; rule < rules.size(); ++rule)
      if (rules.name(rule) == name) return rules.score(rule);
    ADD_FAILURE() << name;
    return 0.0;
  };
  const auto rules = *RuleSet::load(std::vector{distribution}, settings());
  EXPECT_DOUBLE_EQ(score(*rules, "BAYES_99"), 4.0);
  EXPECT_NEAR(score(*rules, "BAYES_50"), 0, 0.01);
  EXPECT_DOUBLE_EQ(score(*rules, "OTHER"), 3);
  const std::string local = write("local.txt", "score BAYES_99 0 0 2.0 2.0\n");
  EXPECT_DOUBLE_EQ(score(**RuleSet::load(std::vector{distribution, local}, settings()), "BAYES_99"),
                   2.0);
}

// Wherever the distribution that is installed keeps its scores: every rule of the classifier has
// one of ours, and they rise with the probability.
TEST_F(BayesScanner, ScoresOfItsRulesAreOursInTheStockSetToo) {
  if (!std::filesystem::exists(kStockRules)) GTEST_SKIP() << kStockRules << " is not installed";
  config::Problems problems;
  const sa::RuleBook book = sa::read_rule_book(std::vector<std::string>{kStockRules}, problems,
                                               kBuiltinRules, kClassifierScores);
  std::map<std::string, float> scores;
  for (const sa::Rule& rule : book.rules)
    if (rule.call.function == "check_bayes") scores[rule.name] = rule.scores[2];
  EXPECT_EQ(scores.size(), 12U);
  for (const auto& [name, score] : scores)
    EXPECT_TRUE(kClassifierScores.contains("score " + name + " ")) << name;
  float last = -100;
  for (const char* name : {"BAYES_00", "BAYES_05", "BAYES_20", "BAYES_40", "BAYES_50", "BAYES_60",
                           "BAYES_80", "BAYES_95", "BAYES_99"}) {
    EXPECT_GT(scores[name], last) << name;
    last = scores[name];
  }
  EXPECT_NEAR(scores["BAYES_50"], 0, 0.01);
  EXPECT_FLOAT_EQ(scores["BAYES_99"], 4);
}

TEST_F(BayesScanner, RulesHitByWhatTheClassifierSays) {
  const std::string path = write("bayes_test.cf",
                                 "body BAYES_00 eval:check_bayes('0.00', '0.01')\n"
                                 "body BAYES_50 eval:check_bayes('0.40', '0.60')\n"
                                 "body BAYES_99 eval:check_bayes('0.99', '1.00')\n"
                                 "body BAYES_999 eval:check_bayes('0.999', '1.00')\n"
                                 "tflags BAYES_00 nice learn\ntflags BAYES_99 learn\n");
  const auto rules = *RuleSet::load(std::vector<std::string>{path}, settings());
  Scanner scanner(rules, settings(), 2);
  const auto hits = [&](std::string_view message, std::string_view domain = {}) {
    MessageScan* scan = scanner.begin();
    scanner.feed(*scan, as_bytes(message));
    const Verdict verdict = scanner.finish(*scan, domain);
    scanner.release(*scan);
    std::vector<std::string> names;
    for (std::uint16_t i = 0; i < verdict.hit_count; ++i)
      names.emplace_back(rules->name(verdict.hits[i]));
    return names;
  };
  EXPECT_THAT(hits(kMessage), testing::IsEmpty());  // nobody to ask
  std::map<Token, Counts> spam, ham;
  for (const Token token : tokens_of(kMessage)) {
    spam[token] = {100, 0};
    ham[token] = {0, 100};
  }
  auto models = std::make_shared<Models>();
  models->general = model_of(spam, {500, 500});
  models->domains.push_back({"example.com", model_of(ham, {500, 500})});
  scanner.set_models(models);
  EXPECT_THAT(hits(kMessage), testing::ElementsAre("BAYES_9999", "BAYES_99", "BAYES_999"));
  EXPECT_THAT(hits(kMessage, "example.com"), testing::ElementsAre("BAYES_0000", "BAYES_00"));
  scanner.set_models(nullptr);
  EXPECT_THAT(hits(kMessage), testing::IsEmpty());
}

}  // namespace
}  // namespace sluice::scan::bayes
