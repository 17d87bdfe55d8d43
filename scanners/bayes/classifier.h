// What the tokens of a message say together. Of each view (view.h) the strongest are taken, and the
// evidence for spam and for ham among them, sums of -ln(1 - p) and of -ln p as in Fisher's method,
// is weighed against each other and not against chi-squared: that would take tokens for
// independent, and be sure of every long message and of mail of places that were never learned. The
// balances of the views, each within -1 and 1, times their weights are the log odds of spam.
// A Classifier belongs to one core: its memory is planned when it is made.
#pragma once

#include <span>
#include <vector>

#include "scanners/bayes/model.h"
#include "scanners/bayes/token_list.h"
#include "scanners/bayes/view.h"

namespace sluice::scan::bayes {

struct Opinion {
  double probability = 0.5;  // of spam
  double log_odds = 0;       // of it
  PerView balance{};         // of each view, -1 (wanted) to 1 (spam)
  std::uint32_t tokens = 0;  // that were known and counted; 0: no opinion
};

class Classifier {
 public:
  explicit Classifier(std::size_t tokens_max);

  Opinion classify(const Model& model, std::span<const Token> tokens) noexcept;
  // What the last opinion was made of, view by view.
  std::span<const Model::Entry> evidence() const noexcept { return std::span(found_).first(used_); }

 private:
  void collect(const Model& model, std::span<const Token> tokens) noexcept;

  TokenSet seen_;
  std::vector<Model::Entry> found_;  // its size is the limit
  std::size_t used_ = 0;
};

}  // namespace sluice::scan::bayes
