#include "scanners/pcre/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>

#include <fmt/format.h>

#include "engine/base/contract.h"

namespace sluice::scan::pcre {

Tools::Tools()
    : context_(pcre2_match_context_create_8(nullptr)),
      data_(pcre2_match_data_create_8(1, nullptr)),
      stack_(pcre2_jit_stack_create_8(32 * 1024, kStackBytes, nullptr)) {
  SLUICE_ASSERT(context_ != nullptr && data_ != nullptr && stack_ != nullptr);
  pcre2_set_match_limit_8(context_, kMatchStepsMax);
  pcre2_jit_stack_assign_8(context_, nullptr, stack_);
}

Tools::~Tools() {
  pcre2_jit_stack_free_8(stack_);
  pcre2_match_data_free_8(data_);
  pcre2_match_context_free_8(context_);
}

void Expression::Free::operator()(pcre2_real_code_8* code) const noexcept {
  pcre2_code_free_8(code);
}

std::expected<Expression, Fault> Expression::compile(const std::string& pattern, Options options) {
  std::uint32_t flags = 0;
  if (options.caseless) flags |= PCRE2_CASELESS;
  if (options.dotall) flags |= PCRE2_DOTALL;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  int fault = 0;
  std::size_t offset = 0;
  pcre2_code_8* code = pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(pattern.data()),
                                       pattern.size(), flags, &fault, &offset, nullptr);
  if (code == nullptr) {
    std::array<PCRE2_UCHAR8, 200> text{};
    pcre2_get_error_message_8(fault, text.data(), text.size());
    return std::unexpected(
        Fault{fmt::format("{} (octet {})", reinterpret_cast<const char*>(text.data()), offset + 1),
              fault == PCRE2_ERROR_PATTERN_TOO_LARGE});
  }
  Expression expression(code);
  // Without JIT (a hardened kernel) the same is interpreted, slower.
  pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE);
  return expression;
}

bool Expression::find(ByteView text, std::size_t from, Tools& tools, Match& match) const noexcept {
  if (from > text.size()) return false;
  static constexpr std::uint8_t kNothing = 0;
  const int result = pcre2_match_8(code_.get(), text.empty() ? &kNothing : text.data(), text.size(),
                                   from, 0, tools.data_, tools.context_);
  if (result < 0) {
    if (result != PCRE2_ERROR_NOMATCH) ++tools.given_up_;
    return false;
  }
  const std::size_t* ends = pcre2_get_ovector_pointer_8(tools.data_);
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
