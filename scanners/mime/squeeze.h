// Words copied with one space between them, where a single space or line end is between them: most
// of most texts. What is otherwise is left to who looks closer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {

struct Squeezed {
  std::size_t read = 0;
  std::size_t written = 0;
};

inline constexpr std::size_t kSqueezeSlack = 64;  // octets that are written beyond the result

// Copies from the front of `in`, before which there is no white space, to `to` (room for in.size()
// and the slack), each single line end as a space. Stops before other white space, before an octet
// that may begin such, and near the end of `in`. Reads nothing where the processor has no
// instructions for it.
Squeezed squeeze(ByteView in, std::uint8_t* to) noexcept;

// For the choice alone. `leads`: the octets that white space may begin with.
using SqueezeFunction = Squeezed (*)(const OctetSet& leads, const std::uint8_t* from,
                                     std::size_t size, std::uint8_t* to) noexcept;
#if defined(__x86_64__)
extern const SqueezeFunction kSqueezeAvx512;  // AVX-512 BW, VBMI2
#endif

}  // namespace sluice::scan::mime
