// What a data core found worth learning, on its way to the thread that learns: a ring between the
// two. When it is full a lesson is dropped and counted; the core never waits.
#pragma once

#include <span>
#include <string_view>

#include "engine/base/spsc_ring.h"
#include "scanners/bayes/store.h"

namespace sluice::scan::bayes {

struct Lesson {
  Learn what = Learn::ham;
  Token identity = 0;
  std::string_view domain;        // of the recipients, when all have the same
  std::span<const Token> tokens;  // the same one may be there more than once
};

class Lessons {
 public:
  explicit Lessons(std::size_t bytes) : ring_(bytes) {}

  void add(const Lesson& lesson) noexcept;
  // The other side: the oldest one, valid until pop().
  bool front(Lesson& lesson) noexcept;
  void pop() noexcept { ring_.release(); }
  std::uint64_t dropped() const noexcept { return ring_.dropped(); }

 private:
  SpscByteRing ring_;
};

}  // namespace sluice::scan::bayes
