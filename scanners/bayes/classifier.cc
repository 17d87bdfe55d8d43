#include "scanners/bayes/classifier.h"

#include <algorithm>
#include <cmath>

namespace sluice::scan::bayes {

// The sum of Poisson's terms 0 to half_degrees - 1 around `half`: from the largest of them
// outwards, since the first may be too small for a double.
double chi_squared_above(double half, std::size_t half_degrees) noexcept {
  if (half <= 0) return 1;
  constexpr double kNothing = 1e-17;
  const double degrees = static_cast<double>(half_degrees);
  const double largest = std::min(std::floor(half), degrees - 1);
  double sum = 1;
  double term = 1;
  for (double i = largest; i > 0 && term > kNothing; --i) sum += term *= i / half;
  term = 1;
  for (double i = largest + 1; i < degrees && term > kNothing; ++i) sum += term *= half / i;
  const double log_largest = -half + largest * std::log(half) - std::lgamma(largest + 1);
  return std::min(std::exp(log_largest) * sum, 1.0);
}

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
  const std::size_t most = model.parameters().significant_max;
  const auto found = found_.begin();
  if (used_ > most) {
    // Equal ones in an order of their own: how tokens came depends on the chunks.
    const auto stronger = [](const Model::Entry& a, const Model::Entry& b) {
      const float left = std::min(a.spam, a.ham);
      const float right = std::min(b.spam, b.ham);
      return left != right ? left < right : a.token < b.token;
    };
    std::nth_element(found, found + static_cast<std::ptrdiff_t>(most),
                     found + static_cast<std::ptrdiff_t>(used_), stronger);
    used_ = most;
  }
  Opinion opinion;
  opinion.tokens = static_cast<std::uint32_t>(used_);
  if (used_ == 0) return opinion;
  double spam = 0;
  double ham = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    spam += static_cast<double>(found_[i].spam);
    ham += static_cast<double>(found_[i].ham);
  }
  const double not_ham = chi_squared_above(-ham, used_);    // small when it looks like spam
  const double not_spam = chi_squared_above(-spam, used_);  // small when it looks like ham
  opinion.probability = (1 + not_spam - not_ham) / 2;
  opinion.log_odds = spam - ham;
  return opinion;
}

}  // namespace sluice::scan::bayes
