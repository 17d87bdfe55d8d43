// The texts of one message as rules see them, kept to be looked at rule by rule.
#pragma once

#include <string>
#include <vector>

#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/header/header_store.h"

namespace sluice::tools {

class MessageTexts final : private scan::mime::MessageSink {
 public:
  explicit MessageTexts(ByteView message);
  MessageTexts(const MessageTexts&) = delete;
  MessageTexts& operator=(const MessageTexts&) = delete;

  // What an expression of this rule is matched against; none for metas, functions and fields that
  // SpamAssassin makes up.
  std::vector<std::string_view> seen_by(const scan::sa::Rule& rule);

 private:
  void field(const scan::mime::HeaderField& field) noexcept override;
  void section_end(scan::mime::Section section) noexcept override;
  void rawbody(std::string_view element) noexcept override { rawbody_.emplace_back(element); }
  void body(scan::mime::BodyView view, std::string_view element) noexcept override;
  void uri(const scan::mime::Uri& uri) noexcept override;

  scan::mime::Workspace workspace_;
  std::string full_;
  std::vector<scan::sa::HeaderStore> headers_;  // of the message, then of each part
  std::vector<std::string> body_;               // the Subject first
  std::vector<std::string> rawbody_;
  std::vector<std::string> uris_;
  std::vector<std::string> values_;  // of fields, that seen_by() returned
};

}  // namespace sluice::tools
