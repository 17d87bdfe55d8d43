// Listens to a message while it arrives, and has an opinion of it at its end.
#pragma once

#include "scanners/bayes/classifier.h"
#include "scanners/bayes/tokenizer.h"

namespace sluice::scan::bayes {

class Listener final : public Tokenizer {
 public:
  Listener(Classifier& classifier, std::size_t tokens_max)
      : Tokenizer(tokens_max), classifier_(classifier) {}

  void begin() noexcept {
    Tokenizer::begin();
    opinion_ = {};
    model_ = nullptr;
  }
  // Before the message's end; without one there is no opinion.
  void ask(const Model* model) noexcept { model_ = model; }
  void message_end(const mime::MessageFacts& facts) noexcept override {
    Tokenizer::message_end(facts);
    if (model_ != nullptr) opinion_ = classifier_.classify(*model_, tokens());
  }
  const Opinion& opinion() const noexcept { return opinion_; }

 private:
  Classifier& classifier_;
  const Model* model_ = nullptr;
  Opinion opinion_;
};

}  // namespace sluice::scan::bayes
