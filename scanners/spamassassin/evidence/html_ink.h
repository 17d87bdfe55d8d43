// Colours as HTML mail writes them, and whether a text in one can be read on the other.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::scan::sa {

// 0xrrggbb, or one of these.
using HtmlColor = std::int32_t;
inline constexpr HtmlColor kInvalidColor = -1;  // of what is none
inline constexpr HtmlColor kNoColor = -2;       // of "#" alone
inline constexpr HtmlColor kTransparent = -3;

// Of a name, "#abc", "rgb(1, 2, 3)" or "rgb(1%, 2%, 3%)".
HtmlColor html_color(std::string_view text) noexcept;

// The value of a style's color and background-color, and of its background. What says nothing
// leaves the colour as it is; kTransparent is passed on.
void set_color(std::string_view value, HtmlColor& color) noexcept;
void set_background(std::string_view value, HtmlColor& color) noexcept;

enum class Ink { readable, low, unknown };
Ink ink_of(HtmlColor ink, HtmlColor paper) noexcept;

}  // namespace sluice::scan::sa
