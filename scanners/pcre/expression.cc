#include "scanners/pcre/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 0
#include <pcre2.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/contract.h"

namespace sluice::scan::pcre {
namespace {

constexpr std::size_t kStackStart = 32 * 1024;

std::uint32_t flags_of(Options options) noexcept {
  std::uint32_t flags = 0;
  if (options.caseless) flags |= PCRE2_CASELESS;
  if (options.dotall) flags |= PCRE2_DOTALL;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  if (options.here) flags |= PCRE2_ANCHORED;
  return flags;
}

std::string describe(int fault, std::size_t offset) {
  std::array<PCRE2_UCHAR8, 200> text{};
  pcre2_get_error_message_8(fault, text.data(), text.size());
  return fmt::format("{} (octet {})", reinterpret_cast<const char*>(text.data()), offset + 1);
}

std::uint32_t steps_max(std::size_t text_bytes, std::uint32_t least) noexcept {
  if (text_bytes <= kLongTextBytes) return kMatchStepsMax;
  const double share = static_cast<double>(kLongTextBytes) / static_cast<double>(text_bytes);
  return std::max(static_cast<std::uint32_t>(kMatchStepsMax * share * share), least);
}

}  // namespace

Tools::Tools()
    : context_(pcre2_match_context_create_8(nullptr)),
      data_(pcre2_match_data_create_8(1, nullptr)),
      stack_(pcre2_jit_stack_create_8(kStackStart, kStackBytes, nullptr)),
      wide_context_(pcre2_match_context_create_32(nullptr)),
      wide_data_(pcre2_match_data_create_32(1, nullptr)),
      wide_stack_(pcre2_jit_stack_create_32(kStackStart, kStackBytes, nullptr)),
      wide_text_(kWideOctetsMax) {
  SLUICE_ASSERT(context_ != nullptr && data_ != nullptr && stack_ != nullptr);
  SLUICE_ASSERT(wide_context_ != nullptr && wide_data_ != nullptr && wide_stack_ != nullptr);
  pcre2_set_heap_limit_8(context_, kHeapKilobytesMax);
  pcre2_jit_stack_assign_8(context_, nullptr, stack_);
  pcre2_set_match_limit_32(wide_context_, kWideMatchStepsMax);
  pcre2_set_heap_limit_32(wide_context_, kHeapKilobytesMax);
  pcre2_jit_stack_assign_32(wide_context_, nullptr, wide_stack_);
}

Tools::~Tools() {
  pcre2_jit_stack_free_8(stack_);
  pcre2_match_data_free_8(data_);
  pcre2_match_context_free_8(context_);
  pcre2_jit_stack_free_32(wide_stack_);
  pcre2_match_data_free_32(wide_data_);
  pcre2_match_context_free_32(wide_context_);
}

void Expression::Free::operator()(pcre2_real_code_8* code) const noexcept {
  pcre2_code_free_8(code);
}

void Expression::Free::operator()(pcre2_real_code_32* code) const noexcept {
  pcre2_code_free_32(code);
}

std::expected<Expression, std::string> Expression::compile(const std::string& pattern,
                                                           Options options) {
  int fault = 0;
  std::size_t offset = 0;
  Expression expression;
  expression.code_.reset(pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(pattern.data()),
                                         pattern.size(), flags_of(options) | PCRE2_USE_OFFSET_LIMIT,
                                         &fault, &offset, nullptr));
  if (expression.code_) return expression;
  if (fault != PCRE2_ERROR_PATTERN_TOO_LARGE) return std::unexpected(describe(fault, offset));
  std::vector<std::uint32_t> wide(pattern.size());
  std::ranges::transform(pattern, wide.begin(),
                         [](char c) { return static_cast<unsigned char>(c); });
  expression.wide_code_.reset(
      pcre2_compile_32(wide.data(), wide.size(), flags_of(options), &fault, &offset, nullptr));
  if (!expression.wide_code_) return std::unexpected(describe(fault, offset));
  return expression;
}

void Expression::compile_jit() noexcept {
  if (wide_code_)
    pcre2_jit_compile_32(wide_code_.get(), PCRE2_JIT_COMPLETE);
  else
    jit_ = pcre2_jit_compile_8(code_.get(), PCRE2_JIT_COMPLETE) == 0;
}

int Expression::match(ByteView text, std::size_t from, Tools& tools) const noexcept {
  static constexpr std::uint8_t kNothing = 0;
  const auto match_8 = jit_ ? pcre2_jit_match_8 : pcre2_match_8;  // the first checks nothing again
  return match_8(code_.get(), text.empty() ? &kNothing : text.data(), text.size(), from, 0,
                 tools.data_, tools.context_);
}

bool Expression::take(int result, Tools& tools, Match& match) noexcept {
  if (result < 0) {
    if (result != PCRE2_ERROR_NOMATCH) ++tools.given_up_;
    return false;
  }
  const std::size_t* ends = pcre2_get_ovector_pointer_8(tools.data_);
  match = {ends[0], ends[1]};
  return true;
}

bool Expression::find(ByteView text, Range begins, Tools& tools, Match& match) const noexcept {
  if (begins.from > text.size()) return false;
  if (wide_code_) return find_wide(text, begins.from, tools, match);
  pcre2_set_match_limit_8(tools.context_, steps_max(text.size(), least_steps_));
  pcre2_set_offset_limit_8(tools.context_, begins.last < text.size() ? begins.last : PCRE2_UNSET);
  return take(this->match(text, begins.from, tools), tools, match);
}

bool Expression::find_here(ByteView text, std::size_t at, Tools& tools,
                           Match& match) const noexcept {
  pcre2_set_match_limit_8(tools.context_, kMatchHereStepsMax);
  pcre2_set_offset_limit_8(tools.context_, PCRE2_UNSET);
  return take(this->match(text, at, tools), tools, match);
}

bool Expression::find_wide(ByteView text, std::size_t from, Tools& tools,
                           Match& match) const noexcept {
  text = text.first(std::min(text.size(), kWideOctetsMax));
  if (from > text.size()) return false;
  std::ranges::copy(text, tools.wide_text_.begin());
  const int result = pcre2_match_32(wide_code_.get(), tools.wide_text_.data(), text.size(), from, 0,
                                    tools.wide_data_, tools.wide_context_);
  if (result < 0) {
    if (result != PCRE2_ERROR_NOMATCH) ++tools.given_up_;
    return false;
  }
  const std::size_t* ends = pcre2_get_ovector_pointer_32(tools.wide_data_);
  match = {ends[0], ends[1]};
  return true;
}

std::uint32_t Expression::count(ByteView text, std::uint32_t most, Tools& tools) const noexcept {
  std::uint32_t found = 0;
  Match match;
  for (std::size_t from = 0; find(text, from, tools, match);) {
    ++found;
    if (found == most) break;
    from = match.end == match.begin ? match.end + 1 : match.end;  // or the loop would not end
  }
  return found;
}

}  // namespace sluice::scan::pcre
