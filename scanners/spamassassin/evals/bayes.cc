// What the classifier says (Mail::SpamAssassin::Plugin::Bayes).
#include <array>

#include "scanners/spamassassin/eval.h"

namespace sluice::scan::sa {
namespace {

// "check_bayes('0.95', '0.99')": above the first, not above the second; 0 itself belongs to 0.
int check_bayes(const MessageEvidence& message, const Arguments& arguments) {
  const double probability = message.spam_probability;
  if (probability < 0) return 0;
  const double least = arguments.number(0);
  const bool above = least == 0 || probability > least;
  return above && (arguments[1] == "undef" || probability <= arguments.number(1, 1));
}

constexpr auto kEvals = std::to_array<NamedEval>({{"check_bayes", check_bayes}});

}  // namespace

std::span<const NamedEval> bayes_evals() noexcept { return kEvals; }

}  // namespace sluice::scan::sa
