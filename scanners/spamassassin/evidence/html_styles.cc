#include "scanners/spamassassin/evidence/html_styles.h"

#include <algorithm>
#include <charconv>

#include "engine/base/bytes.h"
#include "scanners/html/style.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

using html::Name;
using html::operator""_name;

Name as_cell(Name tag) noexcept { return tag == "th"_name ? "td"_name : tag; }

int leading_number(std::string_view text, int otherwise) noexcept {
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

}  // namespace

void HtmlStyles::begin() {
  styles_.assign(1, Style{});
  base_size_ = 3;
}

void HtmlStyles::open(const html::Tag& tag, HtmlFigures& figures) {
  const Name id = as_cell(tag.id);
  if (id == "basefont"_name) {
    if (tag.has("size"_name)) base_size_ = leading_number(trim(tag.value("size"_name)), base_size_);
    return;
  }
  if (id == "td"_name || id == "tr"_name) close_cells(id);
  if (styles_.size() == kHtmlStylesMax) return;
  Style style = styles_.back();
  style.tag = id;
  if (id == "big"_name || id == "small"_name) {
    style.size += id == "big"_name ? 1 : -1;
    styles_.push_back(style);
    return;
  }
  const bool colours = id == "font"_name || id == "body"_name;
  for (const html::Attribute& attribute : tag.attributes) {
    if ((attribute.id == "color"_name && id == "font"_name) ||
        (attribute.id == "text"_name && id == "body"_name)) {
      style.ink = html_color(attribute.value);
    } else if (attribute.id == "size"_name && id == "font"_name) {
      const std::string_view size = trim(attribute.value);
      const bool relative = size.starts_with('+') || size.starts_with('-');
      const int number = leading_number(size.substr(size.starts_with('+') ? 1 : 0), 0);
      style.size = relative ? base_size_ + number : leading_number(size, style.size);
    } else if (attribute.id == "style"_name && !colours && id != "marquee"_name) {
      apply(attribute.value, style);
    } else {
      continue;
    }
    style.legible = ink_of(style.ink, style.paper);
    figures.size_max = std::max(figures.size_max, style.size);
    figures.size_min = std::min(figures.size_min, style.size);
  }
  styles_.push_back(style);
}

void HtmlStyles::apply(std::string_view declarations, Style& style) const noexcept {
  html::for_each_declaration(declarations, [&](std::string_view before, std::string_view behind) {
    const std::string_view property = trim(before);
    const std::string_view value = trim(behind);
    if (value.empty()) return;
    if (equals_ignoring_case(property, "color"))
      set_color(value, style.ink);
    else if (equals_ignoring_case(property, "background-color"))
      set_color(value, style.paper);
    else if (equals_ignoring_case(property, "background"))
      set_background(value, style.paper);
  });
  if (style.paper == kTransparent) style.paper = styles_.back().paper;
  if (style.ink == kTransparent) style.ink = style.paper;
}

// A cell ends the one before, a row the cells before.
void HtmlStyles::close_cells(Name tag) noexcept {
  if (std::ranges::find(styles_, tag, &Style::tag) == styles_.end()) return;
  while (styles_.size() > 1) {
    const Name top = styles_.back().tag;
    if (top != "font"_name && top != "td"_name && (tag != "tr"_name || top != "tr"_name)) return;
    styles_.pop_back();
  }
}

void HtmlStyles::close(Name tag) noexcept {
  tag = as_cell(tag);
  const auto found = std::find_if(styles_.rbegin(), styles_.rend(),
                                  [&](const Style& style) { return style.tag == tag; });
  if (found != styles_.rend()) styles_.erase(found.base() - 1, styles_.end());
}

}  // namespace sluice::scan::sa
