// What functions of "eval:" rules look at, gathered while a message arrives.
#pragma once

#include <cstdint>

#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/evidence/html_evidence.h"
#include "scanners/spamassassin/evidence/image_evidence.h"
#include "scanners/spamassassin/evidence/mime_evidence.h"
#include "scanners/spamassassin/evidence/text_evidence.h"
#include "scanners/spamassassin/evidence/uri_list.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kUriHostsMax = 1'000;  // different ones, of a message

class Gathered {
 public:
  void begin();
  void field(const mime::HeaderField& field) { mime_.field(field); }
  void section_end(mime::Section section) { mime_.section_end(section); }
  void container(std::string_view type, std::uint32_t depth) { mime_.container(type, depth); }
  void part_begin(const mime::Part& part);
  void part_raw(ByteView encoded) noexcept { mime_.part_raw(encoded); }
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept;
  html::TokenSink* html_begin() { return html_.begin_part(uris_); }
  void text(const mime::Part& part, ByteView utf8) noexcept;
  void rendered(const mime::Part& part, ByteView utf8);
  void part_end(const mime::Part& part);
  void rawbody(std::string_view element) noexcept { text_.rawbody(element); }
  void body(std::string_view element) { text_.body(element); }
  void uri(const mime::Uri& uri);
  void message_end(const mime::MessageFacts& facts) noexcept {
    text_.message_end();
    message_ = facts;
  }

  const HtmlEvidence& html() const noexcept { return html_; }
  const MimeEvidence& mime() const noexcept { return mime_; }
  const TextEvidence& text() const noexcept { return text_; }
  const ImageEvidence& images() const noexcept { return images_; }
  const UriList& uris() const noexcept { return uris_; }
  const mime::MessageFacts& message() const noexcept { return message_; }
  const TextList& uri_hosts() const noexcept { return uri_hosts_.texts(); }
  bool uri_truncated() const noexcept { return has_sign(mime::UriSign::truncated); }
  std::uint32_t uri_signs() const noexcept { return uri_signs_; }  // of all links

 private:
  bool has_sign(mime::UriSign sign) const noexcept {
    return (uri_signs_ >> static_cast<unsigned>(sign) & 1) != 0;
  }

  HtmlEvidence html_;
  MimeEvidence mime_;
  TextEvidence text_;
  ImageEvidence images_;
  UriList uris_;
  mime::MessageFacts message_;
  UniqueTexts uri_hosts_;
  std::uint32_t uri_signs_ = 0;
  bool plain_seen_ = false;
};

}  // namespace sluice::scan::sa
