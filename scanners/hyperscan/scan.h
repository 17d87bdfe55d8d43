// What a scan needs beside the database, made at start and reused; scanning allocates nothing.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "engine/base/bytes.h"
#include "scanners/hyperscan/database.h"

struct hs_scratch;

namespace sluice::scan::hyperscan {

// Which expressions matched: one bit each.
class MatchSet {
 public:
  explicit MatchSet(std::size_t size) : words_((size + 63) / 64) {}
  void add(std::uint32_t id) noexcept { words_[id / 64] |= std::uint64_t{1} << (id % 64); }

  // Visits what is set in ascending order and leaves nothing set; visit() may add what is greater.
  template <typename Visit>
  void take(Visit&& visit) {
    for (std::size_t i = 0; i < words_.size(); ++i)
      while (words_[i] != 0) {
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(words_[i]));
        words_[i] &= words_[i] - 1;
        visit(static_cast<std::uint32_t>(i * 64) + bit);
      }
  }

 private:
  std::vector<std::uint64_t> words_;
};

// One per core, fit for every database it was grown for.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  void grow_for(const Database& database);
  hs_scratch* get() const noexcept { return scratch_; }

 private:
  hs_scratch* scratch_ = nullptr;
};

// Told of a match: its id, and behind which octet it ends.
using MatchTold = void (*)(void* listener, std::uint32_t id, std::uint64_t end) noexcept;

// Scans a whole text at once, with a database made for that.
void scan_block(const Database& database, ByteView octets, const Scratch& scratch, MatchTold told,
                void* listener) noexcept;

// How many matches end `apart` octets or more from each other; scans no further than to `most`.
std::uint32_t count_matches(const Database& database, ByteView octets, const Scratch& scratch,
                            std::uint32_t most = 1, std::size_t apart = 1) noexcept;

}  // namespace sluice::scan::hyperscan
