// What the tokens of a message say together. The strongest are combined by Fisher's method, as Gary
// Robinson proposed and SpamBayes and SpamAssassin do: were the probabilities of tokens uniform and
// independent, -2 ln of their product would be distributed as chi-squared with two degrees of
// freedom each. Done for spam and for ham; where both are unlikely the answer is near 0.5. One of
// each core: its memory is planned when it is made.
#pragma once

#include <span>
#include <vector>

#include "scanners/bayes/model.h"
#include "scanners/bayes/token_list.h"

namespace sluice::scan::bayes {

struct Opinion {
  double probability = 0.5;  // of spam
  double log_odds = 0;       // the same tokens' evidence added up: goes on where probability is 1
  std::uint32_t tokens = 0;  // that were known and counted; 0: no opinion
};

class Classifier {
 public:
  explicit Classifier(std::size_t tokens_max);

  Opinion classify(const Model& model, std::span<const Token> tokens) noexcept;
  // What the last opinion was made of, in no order.
  std::span<const Model::Entry> evidence() const noexcept { return std::span(found_).first(used_); }

 private:
  void collect(const Model& model, std::span<const Token> tokens) noexcept;

  TokenSet seen_;
  std::vector<Model::Entry> found_;  // its size is the limit
  std::size_t used_ = 0;
};

// Probability that chi-squared with 2 * `half_degrees` degrees of freedom is above 2 * `half`.
double chi_squared_above(double half, std::size_t half_degrees) noexcept;

}  // namespace sluice::scan::bayes
