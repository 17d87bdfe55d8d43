// Colours as HTML mail writes them, and whether a text in one can be read on the other.
#pragma once

#include <string>
#include <string_view>

namespace sluice::scan::sa {

// "#rrggbb" of a name, "#abc", "rgb(1, 2, 3)" or "rgb(1%, 2%, 3%)"; "invalid" for what is none.
std::string html_color(std::string_view text);

// The value of a style's color and background-color, and of its background, in lower case. What
// says nothing leaves the colour as it is; "transparent" is passed on.
void set_color(std::string_view value, std::string& color);
void set_background(std::string_view value, std::string& color);

enum class Ink { readable, low, unknown };
Ink ink_of(std::string_view ink, std::string_view paper) noexcept;

}  // namespace sluice::scan::sa
