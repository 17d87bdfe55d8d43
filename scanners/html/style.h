// What decides whether a person sees a text: colours, size, display (HTML's presentational
// attributes and the style attribute; style sheets are not followed).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "scanners/html/tokenizer.h"

namespace sluice::scan::html {

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

std::optional<Color> parse_color(std::string_view text) noexcept;  // "#fff", "red", "rgb(1,2,3)"

// Calls declare(property, value) for each "property: value" of a style attribute.
template <typename Declare>
void for_each_declaration(std::string_view text, Declare&& declare) {
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t colon = one.find(':');
    if (colon != one.npos) declare(one.substr(0, colon), one.substr(colon + 1));
  }
}

// Of one element: its own, or its parent's where it says nothing.
struct Style {
  Color ink{0, 0, 0};
  Color paper{255, 255, 255};
  std::uint8_t font_size = 3;  // of <font size>: 1..7
  bool hidden = false;         // display: none, visibility: hidden, the hidden attribute
  bool tiny = false;           // a style's font size below 2 pixels, or no opacity, or no height
  bool visible = true;         // what comes of these
};

// The style of an element with this tag within one of style `parent`.
Style style_of(const Tag& tag, const Style& parent) noexcept;

}  // namespace sluice::scan::html
