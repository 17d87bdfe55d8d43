#include "scanners/html/html_text.h"

#include <algorithm>

#include "engine/base/ascii_text.h"
#include "scanners/mime/white_space.h"

namespace sluice::scan::html {
namespace {

using mime::UriSource;

constexpr std::array<std::string_view, 6> kStyleAttributes{"bgcolor", "color", "hidden",
                                                           "size",    "style", "text"};

bool says_style(const Tag& tag) noexcept {
  return std::ranges::any_of(tag.attributes, [](const Attribute& attribute) {
    return std::ranges::find(kStyleAttributes, attribute.name) != kStyleAttributes.end();
  });
}

std::string_view trim(std::string_view text) noexcept { return trimmed(text, " \t\r\n\f"); }

// <meta http-equiv=refresh content="0; url=…">
std::string_view refresh_target(const Tag& tag) noexcept {
  if (!equals_ignoring_case(trim(tag.value("http-equiv")), "refresh")) return {};
  const std::string_view content = tag.value("content");
  for (std::size_t at = 0; at + 4 <= content.size(); ++at) {
    if (!equals_ignoring_case(content.substr(at, 3), "url")) continue;
    std::string_view rest = trim(content.substr(at + 3));
    if (!rest.starts_with('=')) continue;
    rest = trim(rest.substr(1));
    if (rest.starts_with('\'') || rest.starts_with('"')) rest.remove_prefix(1);
    return rest.substr(0, rest.find_first_of("'\""));
  }
  return {};
}

}  // namespace

void HtmlText::begin(TokenSink* tokens) noexcept {
  tokens_ = tokens;
  tokenizer_.begin();
  open_ = 1;
  elements_[0].name.clear();
  elements_[0].style = {};
  elements_[0].nested = 0;
  too_deep_ = dropped_ = space_ = after_break_ = in_link_ = false;
}

void HtmlText::feed(ByteView utf8, HtmlSink& sink) noexcept {
  sink_ = &sink;
  tokenizer_.feed(utf8, *this);
  sink_ = nullptr;
}

void HtmlText::finish(HtmlSink& sink) noexcept {
  sink_ = &sink;
  tokenizer_.finish(*this);
  close_link();
  if (space_ && !after_break_) sink_->rendered(as_bytes(" "), true);
  sink_ = nullptr;
}

// White space runs become one space; none stands beside a break.
void HtmlText::characters(ByteView utf8) noexcept {
  if (tokens_ != nullptr) tokens_->characters(utf8);
  if (dropped_) return;
  const bool visible = style().is_visible();
  while (!utf8.empty()) {
    const std::size_t blank = mime::white_space_size(utf8);
    const bool held = blank > 0 && (space_ || after_break_ || utf8.front() != ' ');
    const std::size_t run = held ? 0 : mime::plain_run(utf8);
    if (run == 0) {
      space_ = true;
      utf8 = utf8.subspan(blank);
      continue;
    }
    if (space_ && !after_break_) tell(as_bytes(" "), visible);
    space_ = after_break_ = false;
    tell(utf8.first(run), visible);
    utf8 = utf8.subspan(run);
  }
}

void HtmlText::tell(ByteView utf8, bool visible) noexcept {
  sink_->rendered(utf8, visible);
  if (!in_link_) return;
  link_has_text_ = true;
  if (visible) shown_.append(as_text(utf8));
}

void HtmlText::break_line(Traits tag) noexcept {
  std::string_view told;
  if (tag.has(Trait::line))
    told = "\n";
  else if (tag.has(Trait::gap))
    told = " ";
  else if (tag.has(Trait::paragraph))
    told = "\n\n";
  else
    return;
  space_ = false;
  after_break_ = true;
  sink_->rendered(as_bytes(told), true);
  if (in_link_ && !shown_.empty()) shown_.append(" ");
}

void HtmlText::markup(std::string_view text) noexcept {
  if (tokens_ != nullptr) tokens_->markup(text);
}

void HtmlText::start_tag(const Tag& tag) noexcept {
  if (tokens_ != nullptr) tokens_->start_tag(tag);
  if (tag.name == "script" || tag.name == "style") dropped_ = true;
  if (tag.name == "a") close_link();
  const Traits traits = traits_of(tag.name);
  close_implied(tag.name, traits);
  if (!traits.has(Trait::empty)) open(tag);
  break_line(traits);
  if (tag.name == "a")
    open_link(tag);
  else
    tell_links(tag, traits);
}

void HtmlText::end_tag(std::string_view name) noexcept {
  if (tokens_ != nullptr) tokens_->end_tag(name);
  if (name == "script" || name == "style") dropped_ = false;
  if (name == "a") close_link();
  close(name);
  break_line(traits_of(name));
}

HtmlText::Element* HtmlText::innermost(std::string_view name) noexcept {
  for (std::size_t i = open_; i > 1; --i)
    if (elements_[i - 1].name.view() == name) return &elements_[i - 1];
  return nullptr;
}

// Only elements that say something about style have a frame, and tables, which keep their cells
// apart from those around.
void HtmlText::open(const Tag& tag) noexcept {
  if (!says_style(tag) && tag.name != "table") {
    if (Element* outer = innermost(tag.name)) ++outer->nested;
    return;
  }
  if (open_ == elements_.size()) {
    too_deep_ = true;
    return;
  }
  Element& element = elements_[open_];
  element.name.assign(tag.name);
  element.style = style_of(tag, style());
  element.nested = 0;
  ++open_;
}

// Text behind </body> and </html> is rendered like that before.
void HtmlText::close(std::string_view name) noexcept {
  if (name == "body" || name == "html") return;
  Element* element = innermost(name);
  if (element == nullptr) return;
  if (element->nested > 0)
    --element->nested;
  else
    open_ = static_cast<std::size_t>(element - elements_.data());
}

// Elements whose end tag may be left out.
void HtmlText::close_implied(std::string_view name, Traits traits) noexcept {
  Element& top = elements_[open_ - 1];
  const std::string_view last = top.name.view();
  const bool cell = name == "td" || name == "th" || name == "tr";
  const bool ends = (last == "p" && traits.has(Trait::block)) || (last == "li" && name == "li") ||
                    (cell && (last == "td" || last == "th")) || (last == "tr" && name == "tr");
  if (!ends || open_ == 1) return;
  --open_;
  if (name == "tr") close_implied(name, traits);
}

void HtmlText::open_link(const Tag& tag) noexcept {
  const std::string_view target = trim(tag.value("href"));
  if (const std::string_view safe = tag.value("data-saferedirecturl"); !safe.empty())
    sink_->link({trim(safe), UriSource::link, {}, false});
  if (target.empty()) return;
  in_link_ = true;
  link_has_text_ = false;
  target_.assign(target);
  shown_.clear();
}

void HtmlText::close_link() noexcept {
  if (!in_link_) return;
  in_link_ = false;
  const std::string_view shown = trim(shown_.view());
  sink_->link({target_.view(), UriSource::link, shown, link_has_text_ && shown.empty()});
}

void HtmlText::tell_links(const Tag& tag, Traits traits) noexcept {
  const auto link = [&](std::string_view attribute, UriSource source) {
    if (const auto target = trim(tag.value(attribute)); !target.empty())
      sink_->link({target, source, {}, false});
  };
  if (traits.has(Trait::reference))
    link("href", tag.name == "area" ? UriSource::link : UriSource::other_tag);
  else if (tag.name == "img")
    link("src", UriSource::image);
  else if (traits.has(Trait::source))
    link("src", UriSource::other_tag);
  else if (tag.name == "form")
    link("action", UriSource::form);
  else if (traits.has(Trait::background))
    link("background", UriSource::image);
  else if (tag.name == "meta")
    if (const auto target = refresh_target(tag); !target.empty())
      sink_->link({target, UriSource::other_tag, {}, false});
}

}  // namespace sluice::scan::html
