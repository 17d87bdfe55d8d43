#include "scanners/spamassassin/evidence/html_evidence.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/bytes.h"
#include "scanners/mime/white_space.h"
#include "scanners/spamassassin/evidence/html_element.h"
#include "scanners/spamassassin/evidence/html_ink.h"
#include "scanners/spamassassin/text.h"

namespace sluice::scan::sa {
namespace {

// "o:p", "st1:place": Office's own.
bool is_office(std::string_view name) noexcept {
  const std::size_t colon = name.find(':');
  if (colon == name.npos || colon + 1 == name.size()) return false;
  const std::string_view space = name.substr(0, colon);
  return space == "o" || (space.size() == 3 && space.starts_with("st"));
}

bool is_word_octet(char c) noexcept {
  const char lower = ascii_lower(c);
  return static_cast<unsigned char>(c) >= 0x80 || (lower >= 'a' && lower <= 'z') ||
         (c >= '0' && c <= '9');
}

// The first octet of one in UTF-8.
bool is_character(std::uint8_t octet) noexcept { return (octet & 0xc0) != 0x80; }

int leading_number(std::string_view text, int otherwise) noexcept {
  std::from_chars(text.data(), text.data() + text.size(), otherwise);
  return otherwise;
}

void append(std::string& out, std::string_view text) {
  out += text.substr(0, kHtmlTextBytes - std::min(kHtmlTextBytes, out.size()));
}

// <img width=… height=…>: pixels, or a share of a window of 800 by 600.
std::uint64_t pixels(std::string_view text, int percent) noexcept {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (fault != std::errc{} || (!rest.empty() && rest != "%") || value > 1'000'000) value = 0;
  if (rest == "%") value *= static_cast<std::uint64_t>(percent);
  return value == 0 ? 200 : value;
}

// A list of names of fonts, each perhaps in quotes.
bool is_font_face(std::string_view text) noexcept {
  const auto is_letter = [](char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; };
  text = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
  if (text.starts_with('.')) text.remove_prefix(1);
  if (text.ends_with(';')) text.remove_suffix(1);
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    if (!name.empty() && (name[0] == '\'' || name[0] == '"')) name.remove_prefix(1);
    if (!name.empty() && (name.back() == '\'' || name.back() == '"')) name.remove_suffix(1);
    if (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
    if (name.size() < 2 || !is_letter(name.back()) || name[0] == '-') return false;
    if (!std::ranges::all_of(name, [&](char c) { return is_letter(c) || c == ' ' || c == '-'; }))
      return false;
    if (comma == text.npos) return true;
    text.remove_prefix(comma + 1);
    text = text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
  }
}

}  // namespace

void HtmlEvidence::begin() noexcept {
  parts_.clear();
  counting_ = false;
}

html::TokenSink* HtmlEvidence::begin_part(UriList& uris) {
  uris_ = &uris;
  base_.clear();
  counting_ = parts_.size() < kHtmlPartsMax;
  if (!counting_) return nullptr;
  parts_.emplace_back();
  styles_.assign(1, Style{});
  base_size_ = 3;
  after_tag_ = word_ended_ = cr_ = false;
  inside_ = {};
  return this;
}

void HtmlEvidence::count_sent(ByteView utf8) noexcept {
  if (!counting_) return;
  if (utf8.empty()) return;
  now().characters += count_octets(as_text(utf8), is_character);
  now().characters -= cr_ && utf8.front() == '\n';  // a line end is one character
  std::size_t pairs = 0;
  for (std::size_t i = 1; i < utf8.size(); ++i) pairs += utf8[i] == '\n' && utf8[i - 1] == '\r';
  now().characters -= pairs;
  cr_ = utf8.back() == '\r';
}

void HtmlEvidence::count_shown(ByteView utf8) noexcept {
  if (!counting_) return;
  now().shown_characters += count_octets(
      as_text(utf8), [](std::uint8_t octet) { return is_character(octet) && octet > ' '; });
}

void HtmlEvidence::count_tag(std::string_view name, int step, bool known) {
  HtmlFacts& facts = now();
  known = known || is_office(name);
  auto found = facts.inside.find(name);
  const bool fresh = found == facts.inside.end();
  ++facts.tags;
  facts.elements += known;
  facts.tags_seen += fresh;
  facts.elements_seen += known && fresh;
  if (fresh) {
    if (facts.inside.size() == kHtmlElementsMax) return;
    found = facts.inside.emplace(name, 0).first;
  }
  found->second += step;
  if (found->second < 0) {
    found->second = 0;
    ++facts.closed_extra;
  }
  const bool inside = found->second > 0;
  if (name == "a") inside_.anchor = inside;
  if (name == "title") inside_.title = inside;
  if (name == "script") inside_.script = inside;
  if (name == "style") inside_.style = inside;
}

void HtmlEvidence::start_tag(const html::Tag& tag) noexcept {
  after_tag_ = true;
  const std::uint16_t sets = sets_of(tag.name);
  count_tag(tag.name, 1, (sets & kElement) != 0);
  if ((sets & (kElement | kTrick)) == 0) return;
  if ((sets & kStyled) != 0) open_style(tag);
  if ((sets & kSpaced) != 0) word_ended_ = false;
  test_tag(tag);
  add_links(tag, sets);
}

void HtmlEvidence::end_tag(std::string_view name) noexcept {
  after_tag_ = true;
  const std::uint16_t sets = sets_of(name);
  count_tag(name, -1, (sets & kElement) != 0);
  if ((sets & kStyled) != 0 && name != "body") close_style(name == "th" ? "td" : name);
  if ((sets & kSpaced) != 0) word_ended_ = false;
}

void HtmlEvidence::markup(std::string_view text) noexcept {
  after_tag_ = true;
  if (!text.starts_with("<!")) return;
  HtmlFacts& facts = now();
  if (equals_ignoring_case(text.substr(0, 9), "<!doctype")) {
    ++facts.elements;
    ++facts.tags;
    facts.inside["!doctype"] = 0;
    return;
  }
  if (facts.comments.size() < kHtmlTextsMax) facts.comments.emplace_back(text);
}

void HtmlEvidence::add_links(const html::Tag& tag, std::uint16_t sets) {
  struct Linking {
    ElementSet elements;
    std::string_view attribute;
  };
  constexpr std::array<Linking, 5> kLinking{{{kHref, "href"},
                                             {kSafeRedirect, "data-saferedirecturl"},
                                             {kSource, "src"},
                                             {kAction, "action"},
                                             {kBackground, "background"}}};
  for (const Linking& linking : kLinking)
    if ((sets & linking.elements) != 0 && tag.has(linking.attribute))
      uris_->add_link(tag.value(linking.attribute), base_);
  if (tag.name == "meta" && contains_ignoring_case(tag.value("http-equiv"), "refresh")) {
    const std::string_view content = tag.value("content");
    const std::size_t url = find_ignoring_case(content, "url");
    const std::size_t equals = url == content.npos ? url : content.find('=', url);
    if (equals != content.npos)
      uris_->add_link(content.substr(equals + 1, content.find(';', equals) - equals - 1), base_);
  }
  const std::string_view href = trim(tag.value("href"));
  if (tag.name == "base" && (equals_ignoring_case(href.substr(0, 4), "http"))) {
    base_ = href.substr(0, kHtmlTextBytes);
    if (!base_.ends_with('/')) base_ += '/';
  }
}

void HtmlEvidence::test_tag(const html::Tag& tag) {
  HtmlFacts& facts = now();
  if (tag.name == "font" && tag.has("face") && !is_font_face(tag.value("face")))
    facts.font_face_bad = true;
  if (tag.name == "img") test_image(tag);
  if (tag.name == "iframe" && tag.has("src")) facts.iframe_source = true;
  if (tag.name == "object" || tag.name == "embed") facts.embeds = true;
  if (tag.name == "form" && tag.has("action"))
    facts.form_action_mailto |= contains_ignoring_case(tag.value("action"), "mailto:");
  for (const char* name : {"href", "src", "action", "background"})
    facts.uri_truncated |=
        tag.value(name).size() > kHtmlUriBytes || (tag.truncated && tag.has(name));
  if (tag.name == "a" && facts.anchors.size() < kHtmlTextsMax) {
    facts.anchors.emplace_back();
    append(facts.anchors.back().target, trim(tag.value("href")));
  }
  if (tag.name == "title" && facts.titles.size() < kHtmlTextsMax) facts.titles.emplace_back();
}

void HtmlEvidence::test_image(const html::Tag& tag) {
  if (inside_.anchor && !now().anchors.empty()) append(now().anchors.back().text, "<img>\n");
  if (tag.has("width") && tag.has("height"))
    now().image_area += pixels(tag.value("width"), 8) * pixels(tag.value("height"), 6);
}

void HtmlEvidence::characters(ByteView utf8) noexcept {
  const std::string_view text = as_text(utf8);
  if (text.empty() || inside_.script || inside_.style) return;
  if (inside_.anchor && !now().anchors.empty()) append(now().anchors.back().text, text);
  if (inside_.title && !now().titles.empty()) append(now().titles.back(), text);
  look_for_split_word(text);
  if (text.find_first_not_of(kBlanks) != text.npos) look_at_ink();
}

// "Via<b></b>gra".
void HtmlEvidence::look_for_split_word(std::string_view text) noexcept {
  const bool begins_word =
      is_word_octet(text.front()) && mime::white_space_size(as_bytes(text)) == 0;
  if (after_tag_ && word_ended_ && begins_word) ++now().obfuscations;
  after_tag_ = false;
  word_ended_ = is_word_octet(text.back()) && !text.ends_with("\xc2\xa0");
}

void HtmlEvidence::look_at_ink() noexcept {
  const Style& style = styles_.back();
  switch (ink_of(style.ink, style.paper)) {
    case Ink::low: now().font_low_contrast = true; return;
    case Ink::unknown: now().font_invalid_color = true; return;
    case Ink::readable: return;
  }
}

void HtmlEvidence::open_style(const html::Tag& tag) {
  const std::string_view name = tag.name == "th" ? "td" : tag.name;
  if (name == "basefont") {
    if (tag.has("size")) base_size_ = leading_number(trim(tag.value("size")), base_size_);
    return;
  }
  if (name == "td" || name == "tr") close_cells(name);
  if (styles_.size() == kHtmlStylesMax) return;
  Style style = styles_.back();
  style.tag = name;
  if (name == "big" || name == "small") {
    style.size += name == "big" ? 1 : -1;
    styles_.push_back(std::move(style));
    return;
  }
  const bool colours = name == "font" || name == "body";
  for (const html::Attribute& attribute : tag.attributes) {
    if ((attribute.name == "color" && name == "font") ||
        (attribute.name == "text" && name == "body")) {
      style.ink = html_color(attribute.value);
    } else if (attribute.name == "size" && name == "font") {
      const std::string_view size = trim(attribute.value);
      const bool relative = size.starts_with('+') || size.starts_with('-');
      const int number = leading_number(size.substr(size.starts_with('+') ? 1 : 0), 0);
      style.size = relative ? base_size_ + number : leading_number(size, style.size);
    } else if (attribute.name == "style" && !colours && name != "marquee") {
      apply_style(attribute.value, style);
    } else {
      continue;
    }
    now().size_max = std::max(now().size_max, style.size);
    now().size_min = std::min(now().size_min, style.size);
  }
  styles_.push_back(std::move(style));
}

void HtmlEvidence::apply_style(std::string_view declarations, Style& style) const {
  while (!declarations.empty()) {
    const std::string_view one = declarations.substr(0, declarations.find(';'));
    declarations.remove_prefix(std::min(one.size() + 1, declarations.size()));
    const std::size_t colon = one.find(':');
    if (colon == one.npos) continue;
    const std::string property = lower_case(trim(one.substr(0, colon)));
    std::string value = lower_case(trim(one.substr(colon + 1)));
    if (value.empty()) continue;
    if (property == "color")
      set_color(value, style.ink);
    else if (property == "background-color")
      set_color(value, style.paper);
    else if (property == "background")
      set_background(value, style.paper);
  }
  if (style.paper == "transparent") style.paper = styles_.back().paper;
  if (style.ink == "transparent") style.ink = style.paper;
}

// A cell ends the one before, a row the cells before.
void HtmlEvidence::close_cells(std::string_view name) noexcept {
  if (std::ranges::find(styles_, name, &Style::tag) == styles_.end()) return;
  while (styles_.size() > 1) {
    const std::string& top = styles_.back().tag;
    if (top != "font" && top != "td" && (name != "tr" || top != "tr")) return;
    styles_.pop_back();
  }
}

void HtmlEvidence::close_style(std::string_view name) noexcept {
  const auto found = std::find_if(styles_.rbegin(), styles_.rend(),
                                  [&](const Style& style) { return style.tag == name; });
  if (found != styles_.rend()) styles_.erase(found.base() - 1, styles_.end());
}

}  // namespace sluice::scan::sa
