#include "scanners/bayes/classifier.h"

#include <algorithm>
#include <cmath>

namespace sluice::scan::bayes {
namespace {

// Equal ones in an order of their own: how tokens came depends on the chunks.
bool stronger(const Model::Entry& a, const Model::Entry& b) noexcept {
  const float left = std::min(a.spam, a.ham);
  const float right = std::min(b.spam, b.ham);
  return left != right ? left < right : a.token < b.token;
}

// What a token could have said besides stands for itself below the line, so that many weak tokens
// say less than as many strong ones; `few` is what keeps a handful from saying all.
double balance(std::span<const Model::Entry> tokens, double few) noexcept {
  double spam = 0;
  double ham = 0;
  for (const Model::Entry& token : tokens) {
    spam -= static_cast<double>(token.ham);
    ham -= static_cast<double>(token.spam);
  }
  return (spam - ham) / (spam + ham + static_cast<double>(tokens.size()) + few);
}

}  // namespace

Classifier::Classifier(std::size_t tokens_max) : seen_(tokens_max), found_(tokens_max) {}

void Classifier::collect(const Model& model, std::span<const Token> tokens) noexcept {
  constexpr std::size_t kAhead = 8;
  seen_.begin(tokens.size());
  used_ = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i + kAhead < tokens.size()) model.prefetch(tokens[i + kAhead]);
    const Model::Entry* const entry = model.find(tokens[i]);
    if (entry != nullptr && seen_.insert(tokens[i])) found_[used_++] = *entry;
  }
}

Opinion Classifier::classify(const Model& model, std::span<const Token> tokens) noexcept {
  tokens = tokens.first(std::min(tokens.size(), found_.size()));
  collect(model, tokens);
  const Parameters& parameters = model.parameters();
  const auto most = static_cast<std::ptrdiff_t>(parameters.significant_max);
  const auto end = found_.begin() + static_cast<std::ptrdiff_t>(used_);
  auto from = found_.begin();
  auto kept = from;  // what counts moves to the front
  Opinion opinion;
  for (std::size_t view = 0; view < kViews; ++view) {
    const auto to = std::partition(from, end, [view](const Model::Entry& entry) {
      return view_of(entry.token) == static_cast<View>(view);
    });
    const auto count = std::min(to - from, most);
    if (to - from > most) std::nth_element(from, from + most, to, stronger);
    opinion.balance[view] = balance({from, from + count}, parameters.few);
    opinion.log_odds += parameters.weights[view] * opinion.balance[view];
    kept = std::copy(from, from + count, kept);
    from = to;
  }
  used_ = static_cast<std::size_t>(kept - found_.begin());
  opinion.tokens = static_cast<std::uint32_t>(used_);
  opinion.probability = 1 / (1 + std::exp(-opinion.log_odds));
  return opinion;
}

}  // namespace sluice::scan::bayes
