// What HtmlEvidence knows of elements by their names.
#pragma once

#include <cstdint>

#include "scanners/html/name.h"

namespace sluice::scan::sa {

enum ElementSet : std::uint16_t {
  kElement = 1 << 0,       // of HTML 4
  kTrick = 1 << 1,         // of browsers
  kStyled = 1 << 2,        // its colours and sizes are looked at
  kSpaced = 1 << 3,        // ends a word
  kHref = 1 << 4,          // has a link in "href" …
  kSafeRedirect = 1 << 5,  // "data-saferedirecturl" …
  kSource = 1 << 6,        // "src" …
  kAction = 1 << 7,        // "action" …
  kBackground = 1 << 8,    // "background"
};

// Bits of ElementSet.
std::uint16_t sets_of(html::Name element) noexcept;

}  // namespace sluice::scan::sa
