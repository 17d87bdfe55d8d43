#include "scanners/spamassassin/evidence/html_ink.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "engine/base/bytes.h"
#include "scanners/mime/hex.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

struct NamedColor {
  std::string_view name;
  std::uint32_t rgb = 0;
};

// CSS Color Module Level 4, 6.1.
constexpr auto kColors = std::to_array<NamedColor>({
    {"aliceblue", 0xf0f8ff},
    {"antiquewhite", 0xfaebd7},
    {"aqua", 0x00ffff},
    {"aquamarine", 0x7fffd4},
    {"azure", 0xf0ffff},
    {"beige", 0xf5f5dc},
    {"bisque", 0xffe4c4},
    {"black", 0x000000},
    {"blanchedalmond", 0xffebcd},
    {"blue", 0x0000ff},
    {"blueviolet", 0x8a2be2},
    {"brown", 0xa52a2a},
    {"burlywood", 0xdeb887},
    {"cadetblue", 0x5f9ea0},
    {"chartreuse", 0x7fff00},
    {"chocolate", 0xd2691e},
    {"coral", 0xff7f50},
    {"cornflowerblue", 0x6495ed},
    {"cornsilk", 0xfff8dc},
    {"crimson", 0xdc143c},
    {"cyan", 0x00ffff},
    {"darkblue", 0x00008b},
    {"darkcyan", 0x008b8b},
    {"darkgoldenrod", 0xb8860b},
    {"darkgray", 0xa9a9a9},
    {"darkgreen", 0x006400},
    {"darkgrey", 0xa9a9a9},
    {"darkkhaki", 0xbdb76b},
    {"darkmagenta", 0x8b008b},
    {"darkolivegreen", 0x556b2f},
    {"darkorange", 0xff8c00},
    {"darkorchid", 0x9932cc},
    {"darkred", 0x8b0000},
    {"darksalmon", 0xe9967a},
    {"darkseagreen", 0x8fbc8f},
    {"darkslateblue", 0x483d8b},
    {"darkslategray", 0x2f4f4f},
    {"darkslategrey", 0x2f4f4f},
    {"darkturquoise", 0x00ced1},
    {"darkviolet", 0x9400d3},
    {"deeppink", 0xff1493},
    {"deepskyblue", 0x00bfff},
    {"dimgray", 0x696969},
    {"dimgrey", 0x696969},
    {"dodgerblue", 0x1e90ff},
    {"firebrick", 0xb22222},
    {"floralwhite", 0xfffaf0},
    {"forestgreen", 0x228b22},
    {"fuchsia", 0xff00ff},
    {"gainsboro", 0xdcdcdc},
    {"ghostwhite", 0xf8f8ff},
    {"gold", 0xffd700},
    {"goldenrod", 0xdaa520},
    {"gray", 0x808080},
    {"green", 0x008000},
    {"greenyellow", 0xadff2f},
    {"grey", 0x808080},
    {"honeydew", 0xf0fff0},
    {"hotpink", 0xff69b4},
    {"indianred", 0xcd5c5c},
    {"indigo", 0x4b0082},
    {"ivory", 0xfffff0},
    {"khaki", 0xf0e68c},
    {"lavender", 0xe6e6fa},
    {"lavenderblush", 0xfff0f5},
    {"lawngreen", 0x7cfc00},
    {"lemonchiffon", 0xfffacd},
    {"lightblue", 0xadd8e6},
    {"lightcoral", 0xf08080},
    {"lightcyan", 0xe0ffff},
    {"lightgoldenrodyellow", 0xfafad2},
    {"lightgray", 0xd3d3d3},
    {"lightgreen", 0x90ee90},
    {"lightgrey", 0xd3d3d3},
    {"lightpink", 0xffb6c1},
    {"lightsalmon", 0xffa07a},
    {"lightseagreen", 0x20b2aa},
    {"lightskyblue", 0x87cefa},
    {"lightslategray", 0x778899},
    {"lightslategrey", 0x778899},
    {"lightsteelblue", 0xb0c4de},
    {"lightyellow", 0xffffe0},
    {"lime", 0x00ff00},
    {"limegreen", 0x32cd32},
    {"linen", 0xfaf0e6},
    {"magenta", 0xff00ff},
    {"maroon", 0x800000},
    {"mediumaquamarine", 0x66cdaa},
    {"mediumblue", 0x0000cd},
    {"mediumorchid", 0xba55d3},
    {"mediumpurple", 0x9370db},
    {"mediumseagreen", 0x3cb371},
    {"mediumslateblue", 0x7b68ee},
    {"mediumspringgreen", 0x00fa9a},
    {"mediumturquoise", 0x48d1cc},
    {"mediumvioletred", 0xc71585},
    {"midnightblue", 0x191970},
    {"mintcream", 0xf5fffa},
    {"mistyrose", 0xffe4e1},
    {"moccasin", 0xffe4b5},
    {"navajowhite", 0xffdead},
    {"navy", 0x000080},
    {"oldlace", 0xfdf5e6},
    {"olive", 0x808000},
    {"olivedrab", 0x6b8e23},
    {"orange", 0xffa500},
    {"orangered", 0xff4500},
    {"orchid", 0xda70d6},
    {"palegoldenrod", 0xeee8aa},
    {"palegreen", 0x98fb98},
    {"paleturquoise", 0xafeeee},
    {"palevioletred", 0xdb7093},
    {"papayawhip", 0xffefd5},
    {"peachpuff", 0xffdab9},
    {"peru", 0xcd853f},
    {"pink", 0xffc0cb},
    {"plum", 0xdda0dd},
    {"powderblue", 0xb0e0e6},
    {"purple", 0x800080},
    {"red", 0xff0000},
    {"rosybrown", 0xbc8f8f},
    {"royalblue", 0x4169e1},
    {"saddlebrown", 0x8b4513},
    {"salmon", 0xfa8072},
    {"sandybrown", 0xf4a460},
    {"seagreen", 0x2e8b57},
    {"seashell", 0xfff5ee},
    {"sienna", 0xa0522d},
    {"silver", 0xc0c0c0},
    {"skyblue", 0x87ceeb},
    {"slateblue", 0x6a5acd},
    {"slategray", 0x708090},
    {"slategrey", 0x708090},
    {"snow", 0xfffafa},
    {"springgreen", 0x00ff7f},
    {"steelblue", 0x4682b4},
    {"tan", 0xd2b48c},
    {"teal", 0x008080},
    {"thistle", 0xd8bfd8},
    {"tomato", 0xff6347},
    {"turquoise", 0x40e0d0},
    {"violet", 0xee82ee},
    {"wheat", 0xf5deb3},
    {"white", 0xffffff},
    {"whitesmoke", 0xf5f5f5},
    {"yellow", 0xffff00},
    {"yellowgreen", 0x9acd32},
});

constexpr std::size_t kNameBytes = 20;
static_assert(std::ranges::is_sorted(kColors, {}, &NamedColor::name));

constexpr double kContrastMin = 12;  // weighted distance below which a text is hard to read

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Up to three numbers between anything else, each at most 255.
HtmlColor from_numbers(std::string_view text, bool percent) noexcept {
  unsigned color = 0;
  for (int i = 0; i < 3; ++i) {
    unsigned part = 0;
    while (!text.empty() && !is_digit(text.front())) text.remove_prefix(1);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (fault != std::errc{}) part = text.empty() ? 0 : 255;
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
    color = color << 8 | std::min(percent ? part * 255 / 100 : part, 255U);
  }
  return static_cast<HtmlColor>(color);
}

// "#abc", "#aabbcc", with more or less digits; kInvalidColor where there is anything else.
HtmlColor from_digits(std::string_view text) noexcept {
  std::array<int, 6> digits{};
  std::size_t count = 0;
  for (const char c : text) {
    const int value = mime::hex_value(static_cast<std::uint8_t>(c));
    if (value < 0 && c != '#') return kInvalidColor;
    if (value >= 0 && count < digits.size()) digits[count++] = value;
  }
  if (count == 0) return kNoColor;
  const bool each_twice = count < 6;
  HtmlColor color = 0;
  for (std::size_t i = 0; i < 6; ++i) color = color << 4 | digits[each_twice ? i / 2 : i];
  return color;
}

std::optional<HtmlColor> from_name(std::string_view text) noexcept {
  std::array<char, kNameBytes> lower;
  if (text.empty() || text.size() > lower.size()) return {};
  std::ranges::transform(text, lower.begin(), ascii_lower);
  const std::string_view name{lower.data(), text.size()};
  const auto found = std::ranges::lower_bound(kColors, name, {}, &NamedColor::name);
  if (found == kColors.end() || found->name != name) return {};
  return static_cast<HtmlColor>(found->rgb);
}

// What ends a word of a background: a space or comma outside parentheses and quotes.
class WordEnd {
 public:
  bool is(char c) noexcept {
    if (quote_ != 0) {
      if (c == quote_) quote_ = 0;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
    } else if (c == '(') {
      ++depth_;
    } else if (c == ')' && depth_ > 0) {
      --depth_;
    } else {
      return depth_ == 0 && (c == ' ' || c == ',');
    }
    return false;
  }

 private:
  char quote_ = 0;
  int depth_ = 0;
};

// Commas are between layers.
std::string_view last_layer(std::string_view value) noexcept {
  WordEnd end;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < value.size(); ++at)
    if (end.is(value[at]) && value[at] == ',') begin = at + 1;
  return value.substr(begin);
}

}  // namespace

HtmlColor html_color(std::string_view text) noexcept {
  text = trim(text);
  if (text.starts_with('#'))
    if (const HtmlColor color = from_digits(text); color != kInvalidColor) return color;
  if (const auto named = from_name(text)) return *named;
  const std::size_t open = find_ignoring_case(text, "rgb(");
  if (open == text.npos || text.find(')', open) == text.npos) return kInvalidColor;
  return from_numbers(text.substr(open), text.find('%') != text.npos);
}

void set_color(std::string_view value, HtmlColor& color) noexcept {
  if (const std::size_t important = value.find('!'); important != value.npos)
    value = trim(value.substr(0, important));
  if (equals_ignoring_case(value, "inherit")) return;
  if (contains_ignoring_case(value, "rgb"))
    color = from_numbers(value, false);
  else
    color = equals_ignoring_case(value, "transparent") ? kTransparent : html_color(value);
}

// The first word of the last layer that is one.
void set_background(std::string_view value, HtmlColor& color) noexcept {
  const std::string_view layer = last_layer(value);
  WordEnd end;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= layer.size(); ++at) {
    if (at < layer.size() && !end.is(layer[at])) continue;
    const HtmlColor found = html_color(layer.substr(begin, at - begin));
    begin = at + 1;
    if (found == kInvalidColor) continue;
    color = found;
    return;
  }
}

Ink ink_of(HtmlColor ink, HtmlColor paper) noexcept {
  if (ink == paper) return Ink::low;
  if (ink >= 0 && paper >= 0) {
    // As the eye weighs them (ITU-R BT.709).
    const double red = 0.2126 * ((ink >> 16) - (paper >> 16));
    const double green = 0.7152 * ((ink >> 8 & 255) - (paper >> 8 & 255));
    const double blue = 0.0722 * ((ink & 255) - (paper & 255));
    if (std::sqrt(red * red + green * green + blue * blue) < kContrastMin) return Ink::low;
  }
  return ink == kInvalidColor || paper == kInvalidColor ? Ink::unknown : Ink::readable;
}

}  // namespace sluice::scan::sa
