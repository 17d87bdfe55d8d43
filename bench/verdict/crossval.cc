// Cross validation of the classifier over the messages to train on: what another token or parameter
// would be worth, without a look at those to test on. crossval LIST [OUT]: LIST has lines "part TAB
// label TAB pool TAB path"; to OUT go "path TAB probability TAB log odds TAB tokens", each message
// judged by a model that has not seen it.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unordered_map>

#include "scanners/bayes/classifier.h"
#include "scanners/bayes/message_tokens.h"

namespace sluice::bench {
namespace {

namespace bayes = scan::bayes;

struct Message {
  bool spam = false;
  std::string path;
  std::uint64_t fold = 0;
  std::vector<bayes::Token> tokens;  // each once
};

std::vector<Message> read(const char* list) {
  std::vector<Message> messages;
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
    Message& message = messages.emplace_back();
    message.spam = label == "spam";
    message.path = path;
    message.fold = bayes::hash(path, 1) % 5;
    message.tokens.assign(tokens.begin(), tokens.end());
  }
  return messages;
}

struct Scored {
  double probability, log_odds;
  bool spam;
};

void tell(const char* name, std::vector<Scored> scored, double Scored::* by) {
  std::vector<double> ham;
  for (const Scored& one : scored)
    if (!one.spam) ham.push_back(one.*by);
  std::ranges::sort(ham, std::greater<>());
  std::printf("  %-12s", name);
  for (const double rate : {0.0, 0.001, 0.002, 0.005}) {
    const double threshold = ham[static_cast<std::size_t>(rate * static_cast<double>(ham.size()))];
    std::size_t caught = 0;
    std::size_t all = 0;
    for (const Scored& one : scored) {
      all += one.spam;
      caught += one.spam && one.*by > threshold;
    }
    std::printf("  %.3f%%: %.2f%%", 100 * rate,
                100 * static_cast<double>(caught) / static_cast<double>(all));
  }
  std::printf("\n");
}

void validate(const std::vector<Message>& messages, const bayes::Parameters& parameters,
              std::FILE* out) {
  std::vector<Scored> scored;
  bayes::Classifier classifier(bayes::kTokensMax);
  for (std::uint64_t fold = 0; fold < 5; ++fold) {
    std::unordered_map<bayes::Token, bayes::Counts> counts;
    bayes::Counts learned;
    for (const Message& message : messages) {
      if (message.fold == fold) continue;
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
    for (const Message& message : messages) {
      if (message.fold != fold) continue;
      const auto opinion = classifier.classify(model, message.tokens);
      scored.push_back({opinion.probability, opinion.log_odds, message.spam});
      if (out != nullptr)
        std::fprintf(out, "%s\t%.17g\t%.3f\t%u\n", message.path.c_str(), opinion.probability,
                     opinion.log_odds, opinion.tokens);
    }
    if (fold == 0) std::printf("  %zu tokens, %zu of them speak\n", counts.size(), model.tokens());
  }
  tell("probability", scored, &Scored::probability);
  tell("log odds", scored, &Scored::log_odds);
}

int run(const char* list, const char* out) {
  const std::vector<Message> messages = read(list);
  std::size_t tokens = 0;
  for (const Message& message : messages) tokens += message.tokens.size();
  std::printf("%zu messages, %.0f tokens each\n", messages.size(),
              static_cast<double>(tokens) / static_cast<double>(messages.size()));
  std::FILE* const file = out == nullptr ? nullptr : std::fopen(out, "w");
  std::printf("as it is\n");
  validate(messages, {}, file);
  if (file != nullptr) return std::fclose(file) == 0 ? 0 : 1;
  for (const double strength : {0.03, 0.1, 0.3, 1.0})
    for (const double deviation : {0.2, 0.346, 0.42})
      for (const std::size_t most : {150U, 500U}) {
        std::printf("strength %.2f, deviation %.3f, at most %zu\n", strength, deviation, most);
        validate(messages, {0.5, strength, deviation, most, 200}, nullptr);
      }
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  if (argc == 2 || argc == 3) return sluice::bench::run(argv[1], argc == 3 ? argv[2] : nullptr);
  std::fprintf(stderr, "usage: crossval LIST [OUT]\n");
  return 2;
}
