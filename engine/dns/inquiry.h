// Runs DNS-dependent logic until it has a result: asks for what is missing, and waits for all of it
// before the logic runs again. Rounds are bounded by AnswerTable::kAnswersMax.
#pragma once

#include <utility>

#include "engine/base/contract.h"
#include "engine/dns/resolver.h"

namespace sluice::dns {

class Inquiry {
 public:
  // `logic` takes an AnswerTable& and returns an optional result. Nothing: answers are on their
  // way; they come out of the resolver with `token`.
  template <typename Logic>
  auto run(Logic&& logic, Resolver& resolver, Token token, Instant now)
      -> decltype(logic(std::declval<AnswerTable&>())) {
    while (waiting_ == 0) {
      if (auto result = logic(answers_)) return result;
      SLUICE_ASSERT(!answers_.wanted().empty());
      for (const Question& question : answers_.take_wanted()) {
        if (AnswerRef known = resolver.ask(question, token, now))
          answers_.put(question, std::move(known));
        else
          ++waiting_;
      }
    }
    return {};
  }

  // An answer that came with the token; true when it was the last, and run() has something to do.
  bool answered(const Resolver::Done& done) {
    if (waiting_ == 0) return false;
    answers_.put(done.question, done.answer);
    return --waiting_ == 0;
  }

  bool waits() const noexcept { return waiting_ > 0; }
  const AnswerTable& answers() const noexcept { return answers_; }
  void clear() {
    answers_ = {};
    waiting_ = 0;
  }

 private:
  AnswerTable answers_;
  std::size_t waiting_ = 0;
};

}  // namespace sluice::dns
