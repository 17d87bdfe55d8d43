// Hexadecimal digits of quoted-printable text and encoded words; lower case is met in practice.
#pragma once

#include <cstdint>

namespace sluice::scan::mime {

// The value of a digit, -1 for any other octet.
constexpr int hex_value(std::uint8_t c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace sluice::scan::mime
