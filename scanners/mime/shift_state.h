// Where a text in a charset with shift states can be cut, and what its second half begins with so
// that it means the same (RFC 1468, RFC 1554, RFC 1557, RFC 2152).
#pragma once

#include <cstddef>

#include "engine/base/bytes.h"
#include "scanners/mime/bounded_text.h"
#include "scanners/mime/charset.h"

namespace sluice::scan::mime {

struct ShiftCut {
  std::size_t size = 0;   // octets before the cut
  BoundedText<16> shift;  // designations and shifts that are in force there
};

// The last place behind a whole character of `in`, which begins in the initial state.
ShiftCut last_shift_cut(Charset charset, ByteView in) noexcept;

}  // namespace sluice::scan::mime
