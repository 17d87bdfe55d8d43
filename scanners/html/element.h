// What the elements of HTML mean to the text around them and to the links of a message.
#pragma once

#include <cstdint>

#include "scanners/html/name.h"

namespace sluice::scan::html {

enum class Trait : std::uint8_t {
  empty,       // has no end tag
  block,       // ends a paragraph that is open
  line,        // breaks the text around it as SpamAssassin's HTML renderer does: by a line end,
  gap,         // a space,
  paragraph,   // an empty line
  reference,   // its links are in "href",
  source,      // "src"
  background,  // or "background"
  raw_text,    // its content is text up to its end tag (13.2.5.2 and the tree construction)
};

class Traits {
 public:
  constexpr bool has(Trait trait) const noexcept {
    return (bits_ >> static_cast<unsigned>(trait) & 1) != 0;
  }
  constexpr void add(Trait trait) noexcept {
    bits_ = static_cast<std::uint16_t>(bits_ | 1U << static_cast<unsigned>(trait));
  }

 private:
  std::uint16_t bits_ = 0;
};

Traits traits_of(Name element) noexcept;

}  // namespace sluice::scan::html
