// What is known of each token, made ready for look-ups: an immutable table that all cores read. It
// is made from a database's counts on a control thread and swapped whole; reading it takes no lock,
// makes no system call and touches about one cache line a token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "scanners/bayes/view.h"

namespace sluice::scan::bayes {

// How many messages of each kind have a token, or were learned at all.
struct Counts {
  std::uint32_t spam = 0;
  std::uint32_t ham = 0;
};

// Gary Robinson: "A Statistical Approach to the Spam Problem" (Linux Journal, 2003) for x and s;
// the values by cross validation (bench/verdict/README.md).
struct Parameters {
  double unknown = 0.5;                  // x: the probability of a token that was never seen …
  double strength = 0.3;                 // s: … and how many messages that is worth
  double deviation_min = 0.2;            // from 0.5; tokens that say less do not count
  std::size_t significant_max = 150;     // tokens of a view that count, the strongest first
  double few = 3;                        // a view of less evidence than this says little
  PerView weights{6, 3, 4.5, 4.5, 1.5};  // of the views: log odds of spam when all of one speaks so
  std::uint32_t learned_min = 200;       // messages of each kind before anything is said
};

class Model {
 public:
  struct Entry {
    Token token = 0;  // 0: an empty slot
    float spam = 0;   // ln p: how this token speaks for spam …
    float ham = 0;    // ln (1 - p): … and for ham
  };
  using Visit = std::function<void(Token, Counts)>;
  using ForEachToken = std::function<void(const Visit&)>;

  // `for_each` is called once or twice and tells every token each time.
  Model(Counts learned, const ForEachToken& for_each, const Parameters& parameters = {});
  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  // Enough was learned of both kinds.
  bool ready() const noexcept {
    return learned_.spam >= parameters_.learned_min && learned_.ham >= parameters_.learned_min;
  }
  Counts learned() const noexcept { return learned_; }
  const Parameters& parameters() const noexcept { return parameters_; }
  std::size_t tokens() const noexcept { return tokens_; }
  std::size_t memory_bytes() const noexcept { return (mask_ + 1) * sizeof(Entry); }

  void prefetch(Token token) const noexcept { __builtin_prefetch(&slots_[token & mask_]); }
  const Entry* find(Token token) const noexcept {  // or nullptr
    if (token == 0) return nullptr;
    for (std::size_t at = token & mask_;; at = (at + 1) & mask_) {
      if (slots_[at].token == token) return &slots_[at];
      if (slots_[at].token == 0) return nullptr;
    }
  }

 private:
  double probability(Counts counts) const noexcept;
  void insert(Token token, double probability) noexcept;

  Counts learned_;
  Parameters parameters_;
  std::size_t tokens_ = 0;
  std::size_t mask_ = 0;
  Entry* slots_ = nullptr;  // mapped, all pages present
};

}  // namespace sluice::scan::bayes
