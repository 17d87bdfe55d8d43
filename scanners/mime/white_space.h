// White space of Unicode in UTF-8, as a regular expression's \s sees it.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::scan::mime {

// Octets that white space may begin with.
constexpr std::array<bool, 256> make_white_space_leads() {
  std::array<bool, 256> leads{};
  for (const unsigned lead : {0x09U, 0x0aU, 0x0bU, 0x0cU, 0x0dU, 0x20U, 0xc2U, 0xe1U, 0xe2U, 0xe3U})
    leads[lead] = true;
  return leads;
}

inline constexpr std::array<bool, 256> kWhiteSpaceLeads = make_white_space_leads();

// Octets of the white space character that `in` begins with; 0 when it is none.
inline std::size_t white_space_size(ByteView in) noexcept {
  if (!kWhiteSpaceLeads[in[0]]) return 0;
  if (in[0] <= 0x20) return 1;
  if (in[0] == 0xc2) return in.size() >= 2 && (in[1] == 0x85 || in[1] == 0xa0) ? 2 : 0;
  if (in.size() < 3) return 0;
  const unsigned code = (in[0] & 0x0fU) << 12 | (in[1] & 0x3fU) << 6 | (in[2] & 0x3fU);
  const bool white = code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
                     code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
  return white ? 3 : 0;
}

// Octets at the front of `in` that are words with one space (U+0020) between them and at most one
// before them: what the collapsing of white space leaves as it is. White space at the end of `in`
// is not among them, as more of it may follow.
std::size_t plain_run(ByteView in) noexcept;

}  // namespace sluice::scan::mime
