#include "scanners/spamassassin/evidence/gathered.h"

namespace sluice::scan::sa {
namespace {

bool is_uuencoded(const mime::Part& part) noexcept {
  return part.role == mime::PartRole::uuencoded;
}

}  // namespace

void Gathered::begin() {
  html_.begin();
  mime_.begin();
  text_.begin();
  images_.begin();
  message_ = {};
  uris_.clear();
  uri_hosts_.clear();
  uri_signs_ = 0;
  plain_seen_ = false;
}

void Gathered::part_begin(const mime::Part& part) {
  if (is_uuencoded(part)) return;
  mime_.part_begin(part);
  images_.part_begin(part);
  std::uint32_t alternative = MimeNode::kNone;
  if (const std::uint32_t self = mime_.current(); self != MimeNode::kNone)
    for (std::uint32_t i = mime_.nodes()[self].parent; i != MimeNode::kNone;
         i = mime_.nodes()[i].parent)
      if (mime_.nodes()[i].type == "multipart/alternative") {
        alternative = i;
        break;
      }
  const bool plain = part.type == "text/plain" && part.role == mime::PartRole::content;
  text_.part_begin(part.is_text ? alternative : MimeNode::kNone, part.is_html,
                   plain && !plain_seen_);
  plain_seen_ = plain_seen_ || plain;
}

void Gathered::part_bytes(const mime::Part& part, ByteView decoded) noexcept {
  if (!is_uuencoded(part)) images_.part_bytes(decoded);
}

void Gathered::text(const mime::Part& part, ByteView utf8) noexcept {
  if (part.is_html) html_.count_sent(utf8);
}

void Gathered::rendered(const mime::Part& part, ByteView utf8) {
  text_.rendered(utf8);
  if (part.is_html) html_.count_shown(utf8);
}

void Gathered::part_end(const mime::Part& part) {
  if (is_uuencoded(part)) return;
  mime_.part_end();
  const std::span<const HtmlFacts> html = html_.parts();
  text_.part_end(part.is_html && !html.empty() &&
                 html.back().inside.contains(html::known_name("img")));
}

void Gathered::uri(const mime::Uri& uri) {
  const bool written = uri.source == mime::UriSource::text || uri.source == mime::UriSource::header;
  if (written && !uri.has(mime::UriSign::carried)) uris_.add_text(uri.written);
  uri_signs_ |= uri.signs;
  if (!uri.host.empty() && !uri.canonical.starts_with("mailto:") &&
      uri_hosts_.texts().size() < kUriHostsMax)
    uri_hosts_.add(uri.host);
}

}  // namespace sluice::scan::sa
