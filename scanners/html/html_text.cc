#include "scanners/html/html_text.h"

#include <algorithm>
#include <cstring>

#include "engine/base/bytes.h"
#include "scanners/mime/white_space.h"

namespace sluice::scan::html {
namespace {

using mime::UriSource;

constexpr AttributeNames kStyling = attribute_names(
    {"bgcolor"_name, "color"_name, "hidden"_name, "size"_name, "style"_name, "text"_name});
// What may hold a link, and tells it.
constexpr AttributeNames kLinking =
    attribute_names({"action"_name, "background"_name, "content"_name, "data-saferedirecturl"_name,
                     "href"_name, "src"_name});

// <meta http-equiv=refresh content="0; url=…">
std::string_view refresh_target(const Tag& tag) noexcept {
  if (!equals_ignoring_case(trim(tag.value("http-equiv"_name)), "refresh")) return {};
  const std::string_view content = tag.value("content"_name);
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
  elements_[0].id = Name::other;
  elements_[0].name.clear();
  elements_[0].style = {};
  elements_[0].nested = 0;
  run_size_ = 0;
  too_deep_ = dropped_ = space_ = after_break_ = in_link_ = false;
}

void HtmlText::feed(ByteView utf8, HtmlSink& sink) noexcept {
  sink_ = &sink;
  tokenizer_.feed(utf8, *this);
  flush();
  sink_ = nullptr;
}

void HtmlText::finish(HtmlSink& sink) noexcept {
  sink_ = &sink;
  tokenizer_.finish(*this);
  close_link();
  if (space_ && !after_break_) render(as_bytes(" "), true);
  flush();
  sink_ = nullptr;
}

// White space runs become one space; none stands beside a break.
void HtmlText::characters(ByteView utf8) noexcept {
  if (tokens_ != nullptr) tokens_->characters(utf8);
  if (dropped_) return;
  const bool visible = style().visible;
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

void HtmlText::flush() noexcept {
  if (run_size_ > 0) sink_->rendered({run_.data(), run_size_}, run_visible_);
  run_size_ = 0;
}

void HtmlText::render(ByteView utf8, bool visible) noexcept {
  if (visible != run_visible_ || utf8.size() > run_.size() - run_size_) flush();
  run_visible_ = visible;
  if (utf8.size() > run_.size()) {
    sink_->rendered(utf8, visible);
    return;
  }
  std::memcpy(run_.data() + run_size_, utf8.data(), utf8.size());
  run_size_ += utf8.size();
}

void HtmlText::tell(ByteView utf8, bool visible) noexcept {
  render(utf8, visible);
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
  render(as_bytes(told), true);
  if (in_link_ && !shown_.empty()) shown_.append(" ");
}

void HtmlText::markup(std::string_view text) noexcept {
  if (tokens_ != nullptr) tokens_->markup(text);
}

void HtmlText::start_tag(const Tag& tag) noexcept {
  if (tag.names.has_any(kLinking)) flush();  // links of the text before it come first
  if (tokens_ != nullptr) tokens_->start_tag(tag);
  if (tag.id == "script"_name || tag.id == "style"_name) dropped_ = true;
  if (tag.id == "a"_name) close_link();
  const Traits traits = traits_of(tag.id);
  close_implied(tag.id, traits);
  if (!traits.has(Trait::empty)) open(tag);
  break_line(traits);
  if (tag.id == "a"_name)
    open_link(tag);
  else if (tag.names.has_any(kLinking))
    tell_links(tag, traits);
}

void HtmlText::end_tag(Name id, std::string_view name) noexcept {
  if (tokens_ != nullptr) tokens_->end_tag(id, name);
  if (id == "script"_name || id == "style"_name) dropped_ = false;
  if (id == "a"_name) close_link();
  close(id, name);
  break_line(traits_of(id));
}

HtmlText::Element* HtmlText::innermost(Name id, std::string_view name) noexcept {
  for (std::size_t i = open_; i > 1; --i) {
    Element& element = elements_[i - 1];
    if (element.id == id && (id != Name::other || element.name.view() == name)) return &element;
  }
  return nullptr;
}

// Only elements that say something about style have a frame, and tables, which keep their cells
// apart from those around.
void HtmlText::open(const Tag& tag) noexcept {
  if (!tag.names.has_any(kStyling) && tag.id != "table"_name) {
    if (Element* outer = innermost(tag.id, tag.name)) ++outer->nested;
    return;
  }
  if (open_ == elements_.size()) {
    too_deep_ = true;
    return;
  }
  Element& element = elements_[open_];
  element.id = tag.id;
  element.name.assign(tag.name);
  element.style = style_of(tag, style());
  element.nested = 0;
  ++open_;
}

// Text behind </body> and </html> is rendered like that before.
void HtmlText::close(Name id, std::string_view name) noexcept {
  if (id == "body"_name || id == "html"_name) return;
  Element* element = innermost(id, name);
  if (element == nullptr) return;
  if (element->nested > 0)
    --element->nested;
  else
    open_ = static_cast<std::size_t>(element - elements_.data());
}

// Elements whose end tag may be left out.
void HtmlText::close_implied(Name id, Traits traits) noexcept {
  const Name last = elements_[open_ - 1].id;
  const bool row = id == "tr"_name;
  const bool cell = row || id == "td"_name || id == "th"_name;
  const bool ends =
      (last == "p"_name && traits.has(Trait::block)) || (last == "li"_name && id == "li"_name) ||
      (cell && (last == "td"_name || last == "th"_name)) || (last == "tr"_name && row);
  if (!ends || open_ == 1) return;
  --open_;
  if (row) close_implied(id, traits);
}

void HtmlText::open_link(const Tag& tag) noexcept {
  const std::string_view target = trim(tag.value("href"_name));
  if (const std::string_view safe = tag.value("data-saferedirecturl"_name); !safe.empty())
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
  flush();
  const std::string_view shown = trim(shown_.view());
  sink_->link({target_.view(), UriSource::link, shown, link_has_text_ && shown.empty()});
}

void HtmlText::tell_links(const Tag& tag, Traits traits) noexcept {
  const auto link = [&](Name attribute, UriSource source) {
    if (const auto target = trim(tag.value(attribute)); !target.empty())
      sink_->link({target, source, {}, false});
  };
  if (traits.has(Trait::reference))
    link("href"_name, tag.id == "area"_name ? UriSource::link : UriSource::other_tag);
  else if (tag.id == "img"_name)
    link("src"_name, UriSource::image);
  else if (traits.has(Trait::source))
    link("src"_name, UriSource::other_tag);
  else if (tag.id == "form"_name)
    link("action"_name, UriSource::form);
  else if (traits.has(Trait::background))
    link("background"_name, UriSource::image);
  else if (tag.id == "meta"_name)
    if (const auto target = refresh_target(tag); !target.empty())
      sink_->link({target, UriSource::other_tag, {}, false});
}

}  // namespace sluice::scan::html
