// The names of elements and attributes that somebody here asks for, as numbers: looked up once for
// each tag, then told apart without comparing texts.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice::scan::html {

enum class Name : std::uint8_t { other };  // none of the list; others by their place in it

inline constexpr std::array kNames = std::to_array<std::string_view>(
    {"",
     // Attributes.
     "action", "background", "bgcolor", "color", "content", "data-saferedirecturl", "face",
     "height", "hidden", "href", "http-equiv", "size", "src", "style", "text", "width",
     // Elements; "style" is both.
     "a", "abbr", "acronym", "address", "applet", "area", "b", "base", "basefont", "bdo", "bgsound",
     "big", "blockquote", "body", "br", "button", "caption", "center", "cite", "code", "col",
     "colgroup", "dd", "del", "dfn", "dir", "div", "dl", "dt", "em", "embed", "fieldset", "font",
     "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "html", "i",
     "iframe", "img", "input", "ins", "isindex", "kbd", "label", "legend", "li", "link", "listing",
     "map", "marquee", "menu", "meta", "nobr", "noembed", "noframes", "noscript", "object", "ol",
     "optgroup", "option", "p", "param", "plaintext", "pre", "q", "s", "samp", "script", "select",
     "small", "source", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td",
     "textarea", "tfoot", "th", "thead", "title", "tr", "track", "tt", "u", "ul", "var", "wbr",
     "x-sigsep", "x-tab", "xmp"});

// Attributes are the first, so that a set of them is a mask.
inline constexpr std::size_t kAttributeNames = 17;

consteval Name known_name(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) std::unreachable();  // no constant: does not compile
  return static_cast<Name>(found - kNames.begin());
}

// "href"_name: does not compile for what is not in the list.
consteval Name operator""_name(const char* text, std::size_t size) {
  return known_name({text, size});
}

Name name_of(std::string_view lower) noexcept;

// Something for each name, Name::other too.
template <typename T>
class NameTable {
 public:
  constexpr T& operator[](Name name) noexcept { return values_[static_cast<std::size_t>(name)]; }
  constexpr const T& operator[](Name name) const noexcept {
    return values_[static_cast<std::size_t>(name)];
  }

 private:
  std::array<T, kNames.size()> values_{};
};

// Calls visit(name) for each of `names`, which have spaces between.
template <typename Visit>
consteval void for_each_known_name(std::string_view names, Visit&& visit) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    visit(known_name(name));
  }
}

}  // namespace sluice::scan::html
