// What the elements of HTML mean to the text around them and to the links of a message.
#pragma once

#include <cstdint>
#include <string_view>

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
};

class Traits {
 public:
  constexpr bool has(Trait trait) const noexcept {
    return (bits_ >> static_cast<unsigned>(trait) & 1) != 0;
  }
  constexpr void add(Trait trait) noexcept {
    bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<unsigned>(trait));
  }

 private:
  std::uint8_t bits_ = 0;
};

Traits traits_of(std::string_view name) noexcept;  // in lower case

}  // namespace sluice::scan::html
