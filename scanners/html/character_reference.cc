#include "scanners/html/character_reference.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "scanners/entity_names.h"

namespace sluice::scan::html {
namespace {

struct Reference {
  std::size_t size = 0;  // of the reference in the text; 0: none
  std::array<char, 8> utf8{};
  std::size_t utf8_size = 0;
};

// 13.2.5.80: what the numbers 128 to 159 stand for is Windows-1252.
constexpr std::array<std::uint16_t, 32> kWindows1252{
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

void encode(std::uint32_t code, Reference& out) noexcept {
  if (code >= 0x80 && code < 0xa0) code = kWindows1252[code - 0x80];
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  const auto put = [&](std::uint32_t octet) {
    out.utf8[out.utf8_size++] = static_cast<char>(static_cast<std::uint8_t>(octet));
  };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Of names that do without a ";".
constexpr std::size_t kBareNameBytes = [] {
  std::size_t longest = 0;
  for (const EntityName& one : kEntities)
    if (!one.name.ends_with(';')) longest = std::max(longest, one.name.size());
  return longest;
}();

// Where in the table the names begin that begin with an octet; the next octet's are behind them.
constexpr auto kBegins = [] {
  std::array<std::uint16_t, 129> begins{};
  for (const EntityName& one : kEntities) ++begins[static_cast<std::size_t>(one.name[0]) + 1];
  for (std::size_t i = 1; i < begins.size(); ++i)
    begins[i] = static_cast<std::uint16_t>(begins[i] + begins[i - 1]);
  return begins;
}();

// Null when there is none of that name.
const EntityName* find_entity(std::string_view name) noexcept {
  const auto first = static_cast<std::uint8_t>(name[0]);
  if (first >= 128) return nullptr;
  const std::span with(kEntities.begin() + kBegins[first], kEntities.begin() + kBegins[first + 1]);
  const auto found = std::ranges::lower_bound(with, name, {}, &EntityName::name);
  return found == with.end() || found->name != name ? nullptr : &*found;
}

int digit_value(char c, bool hexadecimal) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return hexadecimal && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// `text` begins with "&#".
Reference read_number(std::string_view text) noexcept {
  Reference reference;
  std::size_t at = 2;
  const bool hexadecimal = at < text.size() && (text[at] | 0x20) == 'x';
  if (hexadecimal) ++at;
  const std::size_t begin = at;
  std::uint32_t code = 0;
  for (; at < text.size(); ++at) {
    const int value = digit_value(text[at], hexadecimal);
    if (value < 0) break;
    code = std::min(code * (hexadecimal ? 16 : 10) + static_cast<std::uint32_t>(value), 0x110000U);
  }
  if (at == begin) return {};
  if (at < text.size() && text[at] == ';') ++at;
  encode(code, reference);
  reference.size = at;
  return reference;
}

// The longest name of the table that `text` (behind "&") begins with.
Reference read_name(std::string_view text, Within within) noexcept {
  std::size_t size = 0;
  while (size < text.size() && size < kEntityNameBytes &&
         (digit_value(text[size], false) >= 0 ||
          ((text[size] | 0x20) >= 'a' && (text[size] | 0x20) <= 'z')))
    ++size;
  if (size < text.size() && text[size] == ';') ++size;
  for (; size >= 2; --size) {
    if (text[size - 1] != ';') size = std::min(size, kBareNameBytes);
    const std::string_view name = text.substr(0, size);
    const EntityName* const found = find_entity(name);
    if (found == nullptr) continue;
    const char behind = size < text.size() ? text[size] : ' ';
    const bool goes_on = behind == '=' || digit_value(behind, false) >= 0 ||
                         ((behind | 0x20) >= 'a' && (behind | 0x20) <= 'z');
    if (within == Within::attribute && !name.ends_with(';') && goes_on) return {};
    Reference reference;
    reference.size = size + 1;
    reference.utf8_size = found->utf8.size();
    std::ranges::copy(found->utf8, reference.utf8.begin());
    return reference;
  }
  return {};
}

}  // namespace

std::size_t resolve_references(std::span<char> text, Within within) noexcept {
  const std::string_view all{text.data(), text.size()};
  std::size_t at = all.find('&');
  if (at == all.npos) return all.size();
  std::size_t written = at;
  while (at < all.size()) {
    if (all[at] == '&') {
      const std::string_view rest = all.substr(at);
      const Reference reference =
          rest.starts_with("&#") ? read_number(rest) : read_name(rest.substr(1), within);
      if (reference.size >= reference.utf8_size && reference.size > 0) {
        std::memcpy(text.data() + written, reference.utf8.data(), reference.utf8_size);
        written += reference.utf8_size;
        at += reference.size;
        continue;
      }
    }
    text[written++] = text[at++];
  }
  return written;
}

}  // namespace sluice::scan::html
