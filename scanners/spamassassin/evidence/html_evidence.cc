#include "scanners/spamassassin/evidence/html_evidence.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/bytes.h"
#include "scanners/mime/octet_search.h"
#include "scanners/mime/white_space.h"
#include "scanners/spamassassin/evidence/html_element.h"
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

using html::Name;
using mime::OctetSet;
using html::operator""_name;

// The first octet of a character in UTF-8; of one that is no white space.
constexpr OctetSet kCharacters =
    OctetSet::of([](unsigned octet) { return (octet & 0xc0) != 0x80; });
constexpr OctetSet kVisible =
    OctetSet::of([](unsigned octet) { return (octet & 0xc0) != 0x80 && octet > ' '; });
constexpr OctetSet kReturn = OctetSet::of([](unsigned octet) { return octet == '\r'; });
constexpr mime::OctetPattern kLoneReturn({}, kReturn, OctetSet::of([](unsigned octet) {
                                           return octet != '\n';
                                         }));

// CRs with a LF behind them.
std::size_t count_line_ends(ByteView utf8) noexcept {
  std::size_t pairs = mime::count(kReturn, utf8);
  if (pairs > 0 && utf8.back() == '\r') --pairs;
  for (std::size_t at = 0; pairs > 0; --pairs, ++at) {
    at += mime::find(kLoneReturn, utf8.subspan(at));
    if (at == utf8.size()) break;
  }
  return pairs;
}

void add_to_last(TextList& texts, std::string_view text) {
  if (!texts.empty()) texts.append(text, kHtmlTextBytes);
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

void HtmlFacts::clear() {
  static_cast<HtmlFigures&>(*this) = {};
  inside.clear();
  for (TextList* list : {&comments, &titles, &anchor_targets, &anchor_texts}) list->clear();
}

void HtmlEvidence::begin() {
  if (parts_.size() > kHtmlPartsKept) parts_.resize(kHtmlPartsKept);
  for (HtmlFacts& facts : std::span(parts_).first(std::min(used_, parts_.size()))) facts.clear();
  used_ = 0;
  counting_ = false;
}

html::TokenSink* HtmlEvidence::begin_part(UriList& uris) {
  uris_ = &uris;
  base_.clear();
  counting_ = used_ < kHtmlPartsMax;
  if (!counting_) return nullptr;
  if (used_ == parts_.size()) parts_.emplace_back();
  ++used_;
  styles_.begin();
  after_tag_ = word_ended_ = cr_ = false;
  inside_ = {};
  return this;
}

void HtmlEvidence::count_sent(ByteView utf8) noexcept {
  if (!counting_) return;
  if (utf8.empty()) return;
  now().characters += mime::count(kCharacters, utf8);
  now().characters -= cr_ && utf8.front() == '\n';  // a line end is one character
  now().characters -= count_line_ends(utf8);
  cr_ = utf8.back() == '\r';
}

void HtmlEvidence::count_shown(ByteView utf8) noexcept {
  if (counting_) now().shown_characters += mime::count(kVisible, utf8);
}

void HtmlEvidence::count_tag(Name id, std::string_view name, int step, bool known) {
  HtmlFacts& facts = now();
  known = known || (id == Name::other && is_office(name));
  int* found = facts.inside.find(id, name);
  const bool fresh = found == nullptr;
  ++facts.tags;
  facts.elements += known;
  facts.tags_seen += fresh;
  facts.elements_seen += known && fresh;
  if (fresh) {
    if (facts.inside.size() >= kHtmlElementsMax) return;
    found = &facts.inside.add(id, name);
  }
  *found += step;
  if (*found < 0) {
    *found = 0;
    ++facts.closed_extra;
  }
  const bool inside = *found > 0;
  if (id == "a"_name) inside_.anchor = inside;
  if (id == "title"_name) inside_.title = inside;
  if (id == "script"_name) inside_.script = inside;
  if (id == "style"_name) inside_.style = inside;
}

void HtmlEvidence::start_tag(const html::Tag& tag) noexcept {
  after_tag_ = true;
  const std::uint16_t sets = sets_of(tag.id);
  count_tag(tag.id, tag.name, 1, (sets & kElement) != 0);
  if ((sets & (kElement | kTrick)) == 0) return;
  if ((sets & kStyled) != 0) styles_.open(tag, now());
  if ((sets & kSpaced) != 0) word_ended_ = false;
  test_tag(tag);
  add_links(tag, sets);
}

void HtmlEvidence::end_tag(Name id, std::string_view name) noexcept {
  after_tag_ = true;
  const std::uint16_t sets = sets_of(id);
  count_tag(id, name, -1, (sets & kElement) != 0);
  if ((sets & kStyled) != 0 && id != "body"_name) styles_.close(id);
  if ((sets & kSpaced) != 0) word_ended_ = false;
}

void HtmlEvidence::markup(std::string_view text) noexcept {
  after_tag_ = true;
  if (!text.starts_with("<!")) return;
  HtmlFacts& facts = now();
  if (equals_ignoring_case(text.substr(0, 9), "<!doctype")) {
    ++facts.elements;
    ++facts.tags;
    if (int* const found = facts.inside.find(Name::other, "!doctype"))
      *found = 0;
    else
      facts.inside.add(Name::other, "!doctype");
    return;
  }
  if (facts.comments.size() < kHtmlTextsMax) facts.comments.add(text);
}

void HtmlEvidence::add_links(const html::Tag& tag, std::uint16_t sets) {
  struct Linking {
    ElementSet elements;
    Name attribute;
  };
  constexpr std::array<Linking, 5> kLinking{{{kHref, "href"_name},
                                             {kSafeRedirect, "data-saferedirecturl"_name},
                                             {kSource, "src"_name},
                                             {kAction, "action"_name},
                                             {kBackground, "background"_name}}};
  for (const Linking& linking : kLinking)
    if ((sets & linking.elements) != 0 && tag.has(linking.attribute))
      uris_->add_link(tag.value(linking.attribute), base_);
  if (tag.id == "meta"_name && contains_ignoring_case(tag.value("http-equiv"_name), "refresh")) {
    const std::string_view content = tag.value("content"_name);
    const std::size_t url = find_ignoring_case(content, "url");
    const std::size_t equals = url == content.npos ? url : content.find('=', url);
    if (equals != content.npos)
      uris_->add_link(content.substr(equals + 1, content.find(';', equals) - equals - 1), base_);
  }
  if (tag.id != "base"_name) return;
  const std::string_view href = trim(tag.value("href"_name));
  if (!equals_ignoring_case(href.substr(0, 4), "http")) return;
  base_ = href.substr(0, kHtmlTextBytes);
  if (!base_.ends_with('/')) base_ += '/';
}

void HtmlEvidence::test_tag(const html::Tag& tag) {
  constexpr html::AttributeNames kTargets =
      html::attribute_names({"href"_name, "src"_name, "action"_name, "background"_name});
  HtmlFacts& facts = now();
  if (tag.names.has_any(kTargets)) test_targets(tag);
  if (tag.id == "font"_name && tag.has("face"_name) && !is_font_face(tag.value("face"_name)))
    facts.font_face_bad = true;
  if (tag.id == "img"_name) test_image(tag);
  if (tag.id == "iframe"_name && tag.has("src"_name)) facts.iframe_source = true;
  if (tag.id == "object"_name || tag.id == "embed"_name) facts.embeds = true;
  if (tag.id == "form"_name && tag.has("action"_name))
    facts.form_action_mailto |= contains_ignoring_case(tag.value("action"_name), "mailto:");
  if (tag.id == "a"_name && facts.anchor_texts.size() < kHtmlTextsMax) {
    facts.anchor_targets.add(trim(tag.value("href"_name)).substr(0, kHtmlTextBytes));
    facts.anchor_texts.add({});
  }
  if (tag.id == "title"_name && facts.titles.size() < kHtmlTextsMax) facts.titles.add({});
}

void HtmlEvidence::test_targets(const html::Tag& tag) {
  for (const Name name : {"href"_name, "src"_name, "action"_name, "background"_name})
    now().uri_truncated |=
        tag.value(name).size() > kHtmlUriBytes || (tag.truncated && tag.has(name));
}

void HtmlEvidence::test_image(const html::Tag& tag) {
  if (inside_.anchor) add_to_last(now().anchor_texts, "<img>\n");
  if (tag.has("width"_name) && tag.has("height"_name))
    now().image_area += pixels(tag.value("width"_name), 8) * pixels(tag.value("height"_name), 6);
}

void HtmlEvidence::characters(ByteView utf8) noexcept {
  const std::string_view text = as_text(utf8);
  if (text.empty() || inside_.script || inside_.style) return;
  if (inside_.anchor) add_to_last(now().anchor_texts, text);
  if (inside_.title) add_to_last(now().titles, text);
  look_for_split_word(text);
  if (!std::ranges::all_of(text, is_blank)) look_at_ink();
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
  switch (styles_.ink()) {
    case Ink::low: now().font_low_contrast = true; return;
    case Ink::unknown: now().font_invalid_color = true; return;
    case Ink::readable: return;
  }
}

}  // namespace sluice::scan::sa
