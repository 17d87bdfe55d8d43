// Cross validation of the classifier over the messages to train on: what another token or parameter
// would be worth, without a look at those to test on. crossval LIST [POINTS]: LIST has lines "part
// TAB label TAB pool TAB path", POINTS "path TAB points" of the rules without the classifier
// (rule_points.py). Five folds say what is worth for mail of the same sources; a source left out
// when learning and judged then, for mail of others.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>

#include "scanners/bayes/classifier.h"
#include "scanners/bayes/message_tokens.h"

namespace sluice::bench {
namespace {

namespace bayes = scan::bayes;

constexpr std::uint64_t kFolds = 5;

struct Message {
  bool spam = false;
  std::string pool;
  double points = 0;  // of the rules
  std::uint64_t fold = 0;
  std::vector<bayes::Token> tokens;  // each once
};
using Messages = std::vector<Message>;
using IsJudged = std::function<bool(const Message&)>;  // else it is learned

std::unordered_map<std::string, double> read_points(const char* path) {
  std::unordered_map<std::string, double> points;
  std::ifstream rows(path);
  for (std::string row; std::getline(rows, row);) {
    const std::size_t tab = row.find('\t');
    points[row.substr(0, tab)] = std::stod(row.substr(tab + 1));
  }
  return points;
}

Messages read(const char* list, std::unordered_map<std::string, double> points) {
  Messages messages;
  bayes::MessageTokens reader;
  std::ifstream rows(list);
  for (std::string row; std::getline(rows, row);) {
    std::istringstream cells(row);
    std::string part, label, pool, path;
    cells >> part >> label >> pool >> path;
    if (part != "train") continue;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto tokens = reader.read(as_bytes(text));
    messages.push_back({.spam = label == "spam",
                        .pool = pool,
                        .points = points[path],
                        .fold = bayes::hash(path, 1) % kFolds,
                        .tokens = {tokens.begin(), tokens.end()}});
  }
  return messages;
}

// As the classifier's rules are scored (scanners/builtin_rules.h), by the highest probability of
// each.
double bayes_points(double probability) {
  constexpr std::pair<double, double> kRules[] = {
      {0.0001, -6}, {0.01, -4.5}, {0.05, -2.5}, {0.2, -1.5}, {0.4, -0.5},  {0.6, 0},
      {0.8, 0.5},   {0.95, 1.5},  {0.99, 2.5},  {0.999, 4},  {0.9999, 5.5}};
  for (const auto& [up_to, points] : kRules)
    if (probability <= up_to) return points;
  return 6.5;
}

struct Scored {
  double log_odds, total;
  bool spam;
};

void tell(const char* name, const std::vector<Scored>& scored, double Scored::* by) {
  std::vector<double> ham;
  for (const Scored& one : scored)
    if (!one.spam) ham.push_back(one.*by);
  std::ranges::sort(ham, std::greater<>());
  std::printf("    %-14s", name);
  for (const double rate : {0.001, 0.002, 0.005, 0.01}) {
    const double threshold = ham[static_cast<std::size_t>(rate * static_cast<double>(ham.size()))];
    const auto caught = std::ranges::count_if(
        scored, [&](const Scored& one) { return one.spam && one.*by > threshold; });
    std::printf(
        "  %.1f %%: %5.1f", 100 * rate,
        100 * static_cast<double>(caught) / static_cast<double>(scored.size() - ham.size()));
  }
  std::printf("\n");
}

void judge(const Messages& messages, const bayes::Parameters& parameters, const IsJudged& judged,
           std::vector<Scored>& scored) {
  std::unordered_map<bayes::Token, bayes::Counts> counts;
  bayes::Counts learned;
  for (const Message& message : messages) {
    if (judged(message)) continue;
    (message.spam ? learned.spam : learned.ham)++;
    for (const bayes::Token token : message.tokens)
      (message.spam ? counts[token].spam : counts[token].ham)++;
  }
  const bayes::Model model(
      learned,
      [&](const bayes::Model::Visit& visit) {
        for (const auto& [token, count] : counts) visit(token, count);
      },
      parameters);
  bayes::Classifier classifier(bayes::kTokensMax);
  for (const Message& message : messages) {
    if (!judged(message)) continue;
    const bayes::Opinion opinion = classifier.classify(model, message.tokens);
    scored.push_back(
        {opinion.log_odds, message.points + bayes_points(opinion.probability), message.spam});
  }
}

void print(const char* title, const std::vector<Scored>& scored) {
  std::printf("  %s\n", title);
  tell("classifier", scored, &Scored::log_odds);
  tell("with rules", scored, &Scored::total);
}

void validate(const Messages& messages, const bayes::Parameters& parameters) {
  std::vector<Scored> scored;
  for (std::uint64_t fold = 0; fold < kFolds; ++fold)
    judge(messages, parameters, [&](const Message& one) { return one.fold == fold; }, scored);
  print("five folds", scored);
  std::set<std::string> pools;
  for (const Message& message : messages) pools.insert(message.pool);
  for (const std::string& pool : pools) {
    scored.clear();
    judge(messages, parameters, [&](const Message& one) { return one.pool == pool; }, scored);
    print((pool + ", of which nothing was learned").c_str(), scored);
  }
}

int run(const char* list, const char* points) {
  const Messages messages =
      read(list, points == nullptr ? decltype(read_points(points))() : read_points(points));
  std::size_t tokens = 0;
  for (const Message& message : messages) tokens += message.tokens.size();
  std::printf("%zu messages, %.0f tokens each\nas it is\n", messages.size(),
              static_cast<double>(tokens) / static_cast<double>(messages.size()));
  validate(messages, {});
  for (const double strength : {0.1, 1.0})
    for (const double deviation : {0.1, 0.346}) {
      std::printf("strength %.2f, deviation %.3f\n", strength, deviation);
      validate(messages, {.strength = strength, .deviation_min = deviation});
    }
  for (std::size_t view = 0; view < bayes::kViews; ++view)
    for (const double factor : {0.0, 2.0}) {
      bayes::Parameters parameters;
      parameters.weights[view] *= factor;
      std::printf("weight of %s %.1f\n", bayes::kViewNames[view].data(), parameters.weights[view]);
      validate(messages, parameters);
    }
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  if (argc == 2 || argc == 3) return sluice::bench::run(argv[1], argc == 3 ? argv[2] : nullptr);
  std::fprintf(stderr, "usage: crossval LIST [POINTS]\n");
  return 2;
}
