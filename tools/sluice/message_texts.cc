#include "tools/sluice/message_texts.h"

#include "scanners/spamassassin/rule_scan.h"

namespace sluice::tools {

using scan::sa::HeaderStore;
using scan::sa::Kind;

MessageTexts::MessageTexts(ByteView message) : full_(as_text(message)) {
  const scan::mime::MessageLimits limits;
  headers_.emplace_back(limits.walker.header_bytes_max);
  scan::mime::MessageReader reader(limits, scan::sa::RuleScan::wanted());
  reader.begin();
  reader.feed(message, workspace_, *this);
  reader.finish(workspace_, *this);
}

void MessageTexts::field(const scan::mime::HeaderField& field) noexcept {
  const bool of_message = field.section == scan::mime::Section::message;
  (of_message ? headers_.front() : headers_.back()).add(field);
}

// Another store for the next part.
void MessageTexts::section_end(scan::mime::Section) noexcept {
  headers_.emplace_back(scan::mime::MessageLimits{}.walker.header_bytes_max);
}

void MessageTexts::body(scan::mime::BodyView view, std::string_view element) noexcept {
  if (view == scan::mime::BodyView::all) body_.emplace_back(element);
}

void MessageTexts::uri(const scan::mime::Uri& uri) noexcept {
  uris_.emplace_back(uri.written);
  if (uri.canonical != uri.written) uris_.emplace_back(uri.canonical);
}

std::vector<std::string_view> MessageTexts::seen_by(const scan::sa::Rule& rule) {
  const HeaderStore::Made nothing = [](std::string_view, std::string&) { return false; };
  switch (rule.kind) {
    case Kind::body: return {body_.begin(), body_.end()};
    case Kind::rawbody: return {rawbody_.begin(), rawbody_.end()};
    case Kind::uri: return {uris_.begin(), uris_.end()};
    case Kind::full: return {full_};
    case Kind::meta:
    case Kind::eval: return {};
    case Kind::header:
    case Kind::mimeheader: break;
  }
  values_.clear();
  const std::size_t stores = rule.kind == Kind::header ? 1 : headers_.size();
  for (std::size_t i = 0; i < stores; ++i) {
    std::string value;
    if (headers_[i].value_of(rule.target, nothing, workspace_, value)) values_.push_back(value);
  }
  return {values_.begin(), values_.end()};
}

}  // namespace sluice::tools
