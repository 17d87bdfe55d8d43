// Texts of few octets in two words: to compare and hash them without a loop.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::scan {

inline constexpr std::size_t kShortTextBytes = 16;

// Of two texts of one size, at most kShortTextBytes, these are equal when the texts are.
struct ShortText {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  bool operator==(const ShortText&) const noexcept = default;

  static ShortText of(std::string_view text) noexcept {
    if (text.size() >= 8) return ends_of<std::uint64_t>(text);
    if (text.size() >= 4) return ends_of<std::uint32_t>(text);
    if (text.size() >= 2) return ends_of<std::uint16_t>(text);
    return text.empty() ? ShortText{} : ends_of<std::uint8_t>(text);
  }

 private:
  template <typename Word>
  static ShortText ends_of(std::string_view text) noexcept {
    Word begin;
    Word end;
    std::memcpy(&begin, text.data(), sizeof begin);
    std::memcpy(&end, text.data() + text.size() - sizeof end, sizeof end);
    return {begin, end};
  }
};

}  // namespace sluice::scan
