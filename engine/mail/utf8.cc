#include "engine/mail/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sluice::mail {

namespace {

struct Lead {
  std::size_t length;       // octets of the sequence, 0 = not a lead octet
  std::uint8_t second_min;  // the range of the second octet excludes overlong and surrogate forms
  std::uint8_t second_max;
};

// RFC 3629 section 4.
Lead lead_of(std::uint8_t octet) noexcept {
  if (octet < 0x80) return {1, 0, 0};
  if (octet < 0xc2) return {0, 0, 0};
  if (octet < 0xe0) return {2, 0x80, 0xbf};
  if (octet == 0xe0) return {3, 0xa0, 0xbf};
  if (octet == 0xed) return {3, 0x80, 0x9f};
  if (octet < 0xf0) return {3, 0x80, 0xbf};
  if (octet == 0xf0) return {4, 0x90, 0xbf};
  if (octet < 0xf4) return {4, 0x80, 0xbf};
  if (octet == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

bool valid_sequence(std::string_view text, const Lead& lead) noexcept {
  if (lead.length == 0 || lead.length > text.size()) return false;
  if (lead.length == 1) return true;
  const auto second = static_cast<std::uint8_t>(text[1]);
  if (second < lead.second_min || second > lead.second_max) return false;
  for (std::size_t i = 2; i < lead.length; ++i)
    if ((static_cast<std::uint8_t>(text[i]) & 0xc0) != 0x80) return false;
  return true;
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<std::uint8_t>(c) < 0x80; });
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const Lead lead = lead_of(static_cast<std::uint8_t>(text.front()));
    if (!valid_sequence(text, lead)) return false;
    text.remove_prefix(lead.length);
  }
  return true;
}

}  // namespace sluice::mail
