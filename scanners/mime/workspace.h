// Scratch memory and converters of one core; its contents do not outlive a call.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "scanners/mime/charset.h"
#include "scanners/mime/field_reader.h"

namespace sluice::scan::mime {

// UTF-8 of one field piece: three octets for each at most.
inline constexpr std::size_t kFieldTextBytes = 3 * kFieldPieceBytes + 64;

struct Workspace {
  CharsetTools charsets;
  std::array<std::uint8_t, kFieldPieceBytes> decoded;   // transfer encoding undone
  std::array<std::uint8_t, kFieldTextBytes> converted;  // UTF-8
  std::string value;                                    // of a field
};

}  // namespace sluice::scan::mime
