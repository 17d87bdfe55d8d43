// What rules have said of texts that came more than once, kept on one core: the copies of a
// campaign differ in a greeting or a link, and the paragraphs, raw lines and links that they share
// are given to Hyperscan and PCRE2 twice, not a thousand times.
//
// Why texts, and not whole bodies: a message is scanned while it arrives and its verdict is due
// with its last octet. The hash of a body is known only then; to use it, the body would have to
// wait unscanned, and whoever sends a known beginning with a new end would have all of it scanned
// at that moment. An element (message_sink.h) is short, whole when it is told, and what its rules
// say depends on nothing but its octets. So nothing waits, and what a body has in common with
// others counts even if it is not all the same.
//
// A text that is new leaves its hash alone. When it comes again, all rules are asked of it, those
// too to which this message's other texts have given all they can get, and their answers are kept.
// Only then it is known. The hash has 128 bits and a secret key; what is known is of one set of
// rules and goes with it. The place of a text, and who has to make room for it, is drawn by that
// hash: nobody outside can aim at either.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tls/keyed_hash.h"

namespace sluice::scan::sa {

class KnownTexts {
 public:
  struct Hit {
    std::uint16_t rule = 0;
    std::uint16_t count = 0;
  };
  struct Statistics {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;
  };
  static constexpr std::size_t kHitsMax = 31;          // a text with more is never known
  static constexpr std::size_t kTextBytesMax = 4'096;  // nor is a longer one

 private:
  enum class State : std::uint8_t { seen, learning, known, unfit };
  struct alignas(64) Record {
    State state = State::seen;
    std::uint8_t count = 0;
    Hit hits[kHitsMax];
  };

 public:
  class Text {
   public:
    bool known() const noexcept { return is(State::known); }
    std::span<const Hit> hits() const noexcept { return {record_->hits, record_->count}; }
    // It came before: keep() what each rule says of it, then learned().
    bool learning() const noexcept { return is(State::learning); }
    void keep(std::uint32_t rule, std::uint32_t count) noexcept;
    void learned() noexcept {
      if (learning()) record_->state = State::known;
    }

   private:
    friend class KnownTexts;
    bool is(State state) const noexcept { return record_ != nullptr && record_->state == state; }
    Record* record_ = nullptr;
  };

  // Room for as many, rounded up to a power of two; 0: none is ever known. All memory is taken
  // here.
  explicit KnownTexts(std::size_t texts = 0);
  static std::size_t memory_bytes(std::size_t texts) noexcept;

  // `reader`: whose rules; the same text may be a paragraph and a line. Valid to the next call.
  Text find(std::string_view text, const void* reader) noexcept;

  const Statistics& statistics() const noexcept { return statistics_; }

 private:
  static constexpr std::size_t kWays = 4;  // where a text may be: the hashes of a cache line
  struct alignas(64) Set {
    std::array<tls::KeyedHash::Value, kWays> hashes{};  // zero: free
  };

  std::optional<tls::KeyedHash> hash_;  // none: nothing is kept
  std::vector<Set> sets_;
  std::vector<Record> records_;  // kWays for each set
  Statistics statistics_;
};

}  // namespace sluice::scan::sa
