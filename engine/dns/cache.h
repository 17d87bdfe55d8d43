// Answers of one core until they expire, positive and negative (RFC 2308); the one that was used
// longest ago makes room.
#pragma once

#include <list>
#include <map>

#include "engine/dns/answers.h"

namespace sluice::dns {

class Cache {
 public:
  // An answer larger than this is used once and not kept: entries * kAnswerBytesMax bounds the
  // memory.
  static constexpr std::size_t kAnswerBytesMax = 4 * 1024;

  explicit Cache(std::size_t entries_max) : entries_max_(entries_max) {}

  // nullptr: not known, or no longer.
  AnswerRef find(const Question& question, Instant now);
  void put(const Question& question, AnswerRef answer);
  void clear() noexcept;
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  using Recency = std::list<const Question*>;  // the most recently used first; keys of entries_
  struct Entry {
    AnswerRef answer;
    Recency::iterator place;
  };
  std::size_t entries_max_;
  std::map<Question, Entry> entries_;
  Recency recency_;
};

// Octets that the answer takes, roughly.
std::size_t footprint(const Answer& answer) noexcept;

}  // namespace sluice::dns
