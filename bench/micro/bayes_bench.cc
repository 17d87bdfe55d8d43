// What the classifier costs a data core: the tokens of a message while it is read, beside reading
// it for nobody, and the opinion at its end out of a model of a million tokens.
#include <benchmark/benchmark.h>

#include <unordered_map>

#include "engine/base/random.h"
#include "scanners/bayes/classifier.h"
#include "scanners/bayes/tokenizer.h"
#include "scanners/mime/message_reader.h"

namespace {

using namespace sluice;
namespace bayes = scan::bayes;
namespace mime = scan::mime;

constexpr std::size_t kModelTokens = 1'000'000;

std::string message(std::size_t octets) {
  std::string text =
      "Received: from mail.example.net (mail.example.net [192.0.2.7])\r\n"
      "\tby mx.example.com with ESMTPS; Thu, 19 Nov 2026 10:00:00 +0000\r\n"
      "From: Ann Example <ann@example.net>\r\nTo: Bob Example <bob@example.com>\r\n"
      "Subject: the minutes of our meeting\r\nMessage-ID: <4711.abc@example.net>\r\n"
      "X-Mailer: Example 1.2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  Random random(1);
  while (text.size() < octets) {
    for (int words = 0; words < 10; ++words) {
      for (std::uint64_t letters = 2 + random.below(8); letters > 0; --letters)
        text += static_cast<char>('a' + random.below(letters % 2 == 0 ? 26 : 5));
      text += ' ';
    }
    text += random.below(20) == 0 ? "http://www.example.com/a/b?c=d\r\n" : "\r\n";
  }
  return text;
}

mime::Wanted wanted() {
  mime::Wanted wanted;
  wanted.body = wanted.uris = true;
  return wanted;
}

struct Nobody final : mime::MessageSink {};

template <typename Sink>
void read(mime::MessageReader& reader, mime::Workspace& workspace, const std::string& text,
          Sink& sink) {
  reader.begin();
  reader.feed(as_bytes(text), workspace, sink);
  reader.finish(workspace, sink);
}

void BM_ReadForNobody(benchmark::State& state) {
  const std::string text = message(static_cast<std::size_t>(state.range(0)));
  mime::MessageReader reader({}, wanted());
  mime::Workspace workspace;
  Nobody nobody;
  for (auto _ : state) read(reader, workspace, text, nobody);
}

void BM_ReadForTokens(benchmark::State& state) {
  const std::string text = message(static_cast<std::size_t>(state.range(0)));
  mime::MessageReader reader({}, wanted());
  mime::Workspace workspace;
  bayes::Tokenizer tokenizer;
  for (auto _ : state) {
    tokenizer.begin();
    read(reader, workspace, text, tokenizer);
  }
  state.counters["tokens"] = static_cast<double>(tokenizer.tokens().size());
}

// Half of the message's tokens are known and speak.
bayes::Model model_for(std::span<const bayes::Token> tokens) {
  std::unordered_map<bayes::Token, bayes::Counts> counts;
  for (std::size_t i = 0; i < tokens.size(); i += 2)
    counts[tokens[i]] = i % 4 == 0 ? bayes::Counts{20, 0} : bayes::Counts{0, 20};
  Random random(2);
  while (counts.size() < kModelTokens) counts[random.next()] = {9, 0};
  return {{1'000, 1'000}, [&](const bayes::Model::Visit& visit) {
            for (const auto& [token, count] : counts) visit(token, count);
          }};
}

void BM_Opinion(benchmark::State& state) {
  const std::string text = message(static_cast<std::size_t>(state.range(0)));
  mime::MessageReader reader({}, wanted());
  mime::Workspace workspace;
  bayes::Tokenizer tokenizer;
  tokenizer.begin();
  read(reader, workspace, text, tokenizer);
  const auto tokens = tokenizer.tokens();
  const bayes::Model model = model_for(tokens);
  bayes::Classifier classifier(bayes::kTokensMax);
  for (auto _ : state) benchmark::DoNotOptimize(classifier.classify(model, tokens));
  state.counters["ns/token"] =
      benchmark::Counter(static_cast<double>(state.iterations() * tokens.size()) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(BM_ReadForNobody)->Arg(4'096)->Arg(65'536);
BENCHMARK(BM_ReadForTokens)->Arg(4'096)->Arg(65'536);
BENCHMARK(BM_Opinion)->Arg(4'096)->Arg(65'536);

}  // namespace

BENCHMARK_MAIN();
