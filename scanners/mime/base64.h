// Incremental base64 (RFC 4648 4, RFC 2045 6.8): octets outside the alphabet are passed over, "="
// ends a group and decoding goes on behind it, as mail programs do with joined encodings.
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::scan::mime {

class Base64Decoder {
 public:
  void begin() noexcept { bits_ = count_ = 0; }
  // Decodes from `in` (advanced by what was taken) as far as `out` has room; returns octets
  // written. `out` holds at least 4 octets.
  std::size_t decode(ByteView& in, MutableBytes out) noexcept;

 private:
  std::uint32_t bits_ = 0;   // of the symbols of an open group
  std::uint32_t count_ = 0;  // symbols in it, 0..3
};

}  // namespace sluice::scan::mime
