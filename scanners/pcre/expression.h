// One expression compiled by PCRE2's JIT, for what Hyperscan cannot express and to count matches.
// Octets, not characters. Immutable, shared by all cores; what a match needs beside is in Tools.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

struct pcre2_real_code_8;
struct pcre2_real_code_32;
struct pcre2_real_match_context_8;
struct pcre2_real_match_context_32;
struct pcre2_real_match_data_8;
struct pcre2_real_match_data_32;
struct pcre2_real_jit_stack_8;
struct pcre2_real_jit_stack_32;

namespace sluice::scan::pcre {

// Steps before a match is given up, and its stack: nobody's text may hold up a core. The JIT counts
// them anew from each place where a match may begin. Ordinary mail needs a few thousand. A step may
// go over all of the text and back: the longer it is the fewer.
inline constexpr std::uint32_t kMatchStepsMax = 10'000;
inline constexpr std::size_t kLongTextBytes = 4 * 1024;
inline constexpr std::uint32_t kLongMatchStepsLeast = 200;
inline constexpr std::uint32_t kWideMatchStepsMax = 20'000;
inline constexpr std::uint32_t kMatchHereStepsMax = 5'000;
inline constexpr std::size_t kStackBytes = 256 * 1024;
// The same where there is no JIT.
inline constexpr std::uint32_t kHeapKilobytesMax = 8 * 1024;
// Octets of a text that a wide expression sees.
inline constexpr std::size_t kWideOctetsMax = 16 * 1024;

// Of one core.
class Tools {
 public:
  Tools();
  ~Tools();
  Tools(const Tools&) = delete;
  Tools& operator=(const Tools&) = delete;

  std::uint64_t given_up() const noexcept { return given_up_; }  // matches that met a limit

 private:
  friend class Expression;
  pcre2_real_match_context_8* context_ = nullptr;
  pcre2_real_match_data_8* data_ = nullptr;
  pcre2_real_jit_stack_8* stack_ = nullptr;
  pcre2_real_match_context_32* wide_context_ = nullptr;
  pcre2_real_match_data_32* wide_data_ = nullptr;
  pcre2_real_jit_stack_32* wide_stack_ = nullptr;
  std::vector<std::uint32_t> wide_text_;
  std::uint64_t given_up_ = 0;
};

struct Options {
  bool caseless = false;
  bool dotall = false;
  bool multiline = false;
  bool here = false;  // for find_here() alone
};

class Expression {
 public:
  // The error says what is wrong in words. One that is too large for the library's 16-bit links
  // is compiled for characters of 32 bits, where links are as wide as that.
  static std::expected<Expression, std::string> compile(const std::string& pattern,
                                                        Options options);
  // Makes matching fast; without it, or without JIT (a hardened kernel), the same is interpreted.
  void compile_jit() noexcept;
  bool wide() const noexcept { return wide_code_ != nullptr; }
  // find() takes so many steps in a text of any length.
  void set_least_steps(std::uint32_t steps) noexcept { least_steps_ = steps; }

  struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  struct Range {  // where a match may begin
    std::size_t from = 0;
    std::size_t last = SIZE_MAX;
  };
  // The first match; one that meets a limit is none.
  bool find(ByteView text, Range begins, Tools& tools, Match& match) const noexcept;
  bool find(ByteView text, std::size_t from, Tools& tools, Match& match) const noexcept {
    return find(text, Range{from, SIZE_MAX}, tools, match);
  }
  // Matches one behind the other, at most `most` (0: all).
  std::uint32_t count(ByteView text, std::uint32_t most, Tools& tools) const noexcept;
  // Whether a match begins at that place; one that meets a limit is none.
  bool find_here(ByteView text, std::size_t at, Tools& tools, Match& match) const noexcept;

 private:
  struct Free {
    void operator()(pcre2_real_code_8* code) const noexcept;
    void operator()(pcre2_real_code_32* code) const noexcept;
  };
  Expression() = default;
  int match(ByteView text, std::size_t from, Tools& tools) const noexcept;
  static bool take(int result, Tools& tools, Match& match) noexcept;
  bool find_wide(ByteView text, std::size_t from, Tools& tools, Match& match) const noexcept;

  std::unique_ptr<pcre2_real_code_8, Free> code_;
  std::unique_ptr<pcre2_real_code_32, Free> wide_code_;
  bool jit_ = false;  // of code_
  std::uint32_t least_steps_ = kLongMatchStepsLeast;
};

}  // namespace sluice::scan::pcre
