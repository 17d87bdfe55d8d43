// The base64 alphabet (RFC 4648 4) as tables of symbol values.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::scan::mime {

inline constexpr char kBase64Alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Values of octets that are no symbol; all have the highest bit.
inline constexpr std::uint8_t kBase64Space = 0x80;
inline constexpr std::uint8_t kBase64Pad = 0xa0;
inline constexpr std::uint8_t kBase64Foreign = 0xc0;

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kBase64Foreign);
  for (std::uint8_t i = 0; i < 64; ++i) values[static_cast<std::uint8_t>(kBase64Alphabet[i])] = i;
  for (const char space : {' ', '\t', '\r', '\n'})
    values[static_cast<std::uint8_t>(space)] = kBase64Space;
  values['='] = kBase64Pad;
  return values;
}

inline constexpr std::array<std::uint8_t, 256> kBase64Values = make_base64_values();

}  // namespace sluice::scan::mime
