#include "scanners/html/style.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/base/bytes.h"

namespace sluice::scan::html {
namespace {

struct NamedColor {
  std::string_view name;
  Color color;
};

// The basic names of CSS and the near-white ones that are used to hide text.
constexpr std::array<NamedColor, 32> kColors{{
    {"aqua", {0, 255, 255}},        {"azure", {240, 255, 255}},
    {"beige", {245, 245, 220}},     {"black", {0, 0, 0}},
    {"blue", {0, 0, 255}},          {"cornsilk", {255, 248, 220}},
    {"cyan", {0, 255, 255}},        {"darkblue", {0, 0, 139}},
    {"darkgray", {169, 169, 169}},  {"floralwhite", {255, 250, 240}},
    {"fuchsia", {255, 0, 255}},     {"ghostwhite", {248, 248, 255}},
    {"gray", {128, 128, 128}},      {"green", {0, 128, 0}},
    {"grey", {128, 128, 128}},      {"honeydew", {240, 255, 240}},
    {"ivory", {255, 255, 240}},     {"lightgray", {211, 211, 211}},
    {"lightgrey", {211, 211, 211}}, {"lime", {0, 255, 0}},
    {"maroon", {128, 0, 0}},        {"mintcream", {245, 255, 250}},
    {"navy", {0, 0, 128}},          {"olive", {128, 128, 0}},
    {"orange", {255, 165, 0}},      {"purple", {128, 0, 128}},
    {"red", {255, 0, 0}},           {"silver", {192, 192, 192}},
    {"snow", {255, 250, 250}},      {"teal", {0, 128, 128}},
    {"white", {255, 255, 255}},     {"yellow", {255, 255, 0}},
}};

bool is(std::string_view a, std::string_view b) noexcept { return equals_ignoring_case(a, b); }

bool begins(std::string_view text, std::string_view with) noexcept {
  return is(text.substr(0, with.size()), with);
}

std::optional<double> number(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return {};
  return value;
}

std::optional<Color> hexadecimal(std::string_view digits) noexcept {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  const auto octet = [](std::uint32_t bits) { return static_cast<std::uint8_t>(bits & 0xff); };
  if (digits.size() == 3)
    return Color{octet((value >> 8 & 15) * 17), octet((value >> 4 & 15) * 17),
                 octet((value & 15) * 17)};
  if (digits.size() != 6) return {};
  return Color{octet(value >> 16), octet(value >> 8), octet(value)};
}

std::optional<Color> functional(std::string_view text) noexcept {
  std::array<std::uint8_t, 3> parts{};
  text = text.substr(std::min(text.find('(') + 1, text.size()));
  for (std::uint8_t& part : parts) {
    text.remove_prefix(std::min(text.find_first_of("0123456789."), text.size()));
    const auto value = number(text);
    if (!value) return {};
    part = static_cast<std::uint8_t>(std::clamp(*value, 0.0, 255.0));
    text.remove_prefix(std::min(text.find_first_not_of("0123456789."), text.size()));
    if (text.starts_with('%')) part = static_cast<std::uint8_t>(std::min(part * 255 / 100, 255));
  }
  return Color{parts[0], parts[1], parts[2]};
}

void set_color(Color& color, std::string_view text) noexcept {
  if (const auto parsed = parse_color(text)) color = *parsed;
}

// "font-size: 0", "1px", ".01em"; what is relative to the parent is small below a tenth.
bool is_tiny_length(std::string_view value) noexcept {
  const auto size = number(value);
  if (!size) return false;
  const std::string_view unit =
      trim(value.substr(std::min(value.find_first_not_of("0123456789.+-"), value.size())));
  if (*size <= 0) return true;
  if (begins(unit, "%")) return *size < 10;
  if (begins(unit, "em") || begins(unit, "rem")) return *size < 0.1;
  return *size < 2;
}

void declare(std::string_view property, std::string_view value, Style& style) noexcept {
  if (const std::size_t important = value.find('!'); important != value.npos)
    value = trim(value.substr(0, important));
  if (is(property, "color")) {
    if (is(value, "transparent"))
      style.ink = style.paper;
    else
      set_color(style.ink, value);
  } else if (is(property, "background-color") || is(property, "background")) {
    set_color(style.paper,
              value.substr(0, value.find(')') == value.npos ? value.find(' ') : value.npos));
  } else if (is(property, "display")) {
    style.hidden = style.hidden || is(value, "none");
  } else if (is(property, "visibility")) {
    style.hidden =
        is(value, "hidden") || is(value, "collapse") || (style.hidden && !is(value, "visible"));
  } else if (is(property, "font-size")) {
    style.tiny = is_tiny_length(value);
  } else if (is(property, "opacity")) {
    if (const auto opacity = number(value)) style.tiny = style.tiny || *opacity < 0.05;
  } else if (is(property, "mso-hide")) {
    style.hidden = style.hidden || is(value, "all");
  }
}

void apply_declarations(std::string_view text, Style& style) noexcept {
  bool no_height = false;
  bool clipped = false;
  for_each_declaration(text, [&](std::string_view before, std::string_view behind) {
    const std::string_view property = trim(before);
    const std::string_view value = trim(behind);
    declare(property, value, style);
    if (is(property, "max-height") || is(property, "height")) no_height = is_tiny_length(value);
    if (is(property, "overflow")) clipped = is(value, "hidden");
  });
  style.hidden = style.hidden || (no_height && clipped);
}

// Two colours nearer than that, weighted by how bright they are to the eye, cannot be told apart.
bool is_visible(const Style& style) noexcept {
  constexpr double kDistance = 12;
  const double red = 0.2126 * (style.ink.red - style.paper.red);
  const double green = 0.7152 * (style.ink.green - style.paper.green);
  const double blue = 0.0722 * (style.ink.blue - style.paper.blue);
  const bool alike = red * red + green * green + blue * blue < kDistance * kDistance;
  return !style.hidden && !style.tiny && !alike && style.font_size > 1;
}

}  // namespace

std::optional<Color> parse_color(std::string_view text) noexcept {
  text = trim(text);
  if (text.starts_with('#')) return hexadecimal(text.substr(1));
  if (begins(text, "rgb")) return functional(text);
  for (const NamedColor& named : kColors)
    if (is(named.name, text)) return named.color;
  return hexadecimal(text);
}

Style style_of(const Tag& tag, const Style& parent) noexcept {
  Style style = parent;
  for (const auto& [id, name, value] : tag.attributes) {
    if (id == "style"_name) {
      apply_declarations(value, style);
    } else if (id == "color"_name || (id == "text"_name && tag.id == "body"_name)) {
      set_color(style.ink, value);
    } else if (id == "bgcolor"_name) {
      set_color(style.paper, value);
    } else if (id == "size"_name && tag.id == "font"_name) {
      const std::string_view text = trim(value);
      const bool relative = text.starts_with('+') || text.starts_with('-');
      const double size = number(text.starts_with('+') ? text.substr(1) : text).value_or(3);
      style.font_size = static_cast<std::uint8_t>(std::clamp(relative ? 3 + size : size, 0.0, 7.0));
    } else if (id == "hidden"_name) {
      style.hidden = true;
    }
  }
  style.visible = is_visible(style);
  return style;
}

}  // namespace sluice::scan::html
