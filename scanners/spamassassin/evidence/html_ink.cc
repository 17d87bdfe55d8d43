#include "scanners/spamassassin/evidence/html_ink.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

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

constexpr double kContrastMin = 12;  // weighted distance below which a text is hard to read

// Up to three numbers between anything else, each at most 255.
std::string from_numbers(std::string_view text, bool percent) {
  std::array<unsigned, 3> parts{};
  for (unsigned& part : parts) {
    text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (fault != std::errc{}) part = text.empty() ? 0 : 255;
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
    part = std::min(percent ? part * 255 / 100 : part, 255U);
  }
  return fmt::format("#{:02x}{:02x}{:02x}", parts[0], parts[1], parts[2]);
}

std::string from_digits(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) digits += c;
  if (digits.size() > 3) digits.resize(digits.size() < 6 ? 3 : 6);
  if (!digits.empty() && digits.size() < 3) digits.resize(3, '0');
  if (digits.size() == 3)
    return fmt::format("#{0}{0}{1}{1}{2}{2}", digits[0], digits[1], digits[2]);
  return "#" + digits;
}

// White space and commas outside parentheses and quotes end a word; `cuts` gets its commas.
std::vector<std::string> last_layer(std::string_view value) {
  std::vector<std::string> words(1);
  char quote = 0;
  int depth = 0;
  for (const char c : value) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (depth == 0 && (c == ' ' || c == ',')) {
      if (c == ',') words.clear();
      words.emplace_back();
      continue;
    }
    words.back() += c;
  }
  std::erase(words, std::string());
  return words;
}

}  // namespace

std::string html_color(std::string_view text) {
  const std::string color = lower_case(trim(text));
  const auto named = std::ranges::find(kColors, color, &NamedColor::name);
  if (named != kColors.end()) return fmt::format("#{:06x}", named->rgb);
  if (const std::size_t open = color.find("rgb("); open != std::string::npos)
    return color.find(')', open) == std::string::npos
               ? "invalid"
               : from_numbers(color.substr(open), color.find('%') != std::string::npos);
  if (!color.starts_with('#') || color.find_first_not_of("#0123456789abcdef") != std::string::npos)
    return "invalid";
  return from_digits(color);
}

void set_color(std::string_view value, std::string& color) {
  if (const std::size_t important = value.find("!"); important != value.npos)
    value = trim(value.substr(0, important));
  if (value == "inherit") return;
  if (value.find("rgb") != value.npos)
    color = from_numbers(value, false);
  else
    color = value == "transparent" ? std::string(value) : html_color(value);
}

void set_background(std::string_view value, std::string& color) {
  for (const std::string& word : last_layer(value))
    if (std::string found = html_color(word); found != "invalid") {
      color = std::move(found);
      return;
    }
}

Ink ink_of(std::string_view ink, std::string_view paper) noexcept {
  const auto last = [](std::string_view color) {
    return color.substr(color.size() - std::min<std::size_t>(color.size(), 6));
  };
  if (last(ink) == last(paper)) return Ink::low;
  const auto rgb = [](std::string_view color) {
    std::uint32_t value = 0;
    const auto [end, fault] =
        std::from_chars(color.data() + 1, color.data() + color.size(), value, 16);
    return fault == std::errc{} && end == color.data() + 7 ? static_cast<int>(value) : -1;
  };
  const int a = rgb(ink), b = rgb(paper);
  if (a >= 0 && b >= 0) {
    // As the eye weighs them (ITU-R BT.709).
    const double red = 0.2126 * ((a >> 16) - (b >> 16));
    const double green = 0.7152 * ((a >> 8 & 255) - (b >> 8 & 255));
    const double blue = 0.0722 * ((a & 255) - (b & 255));
    if (std::sqrt(red * red + green * green + blue * blue) < kContrastMin) return Ink::low;
  }
  return ink == "invalid" || paper == "invalid" ? Ink::unknown : Ink::readable;
}

}  // namespace sluice::scan::sa
