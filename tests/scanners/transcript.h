// Writes down what the walker and the text decoder tell, in a form that chunking must not change.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "scanners/mime/encoded_word.h"
#include "scanners/mime/text_decoder.h"
#include "scanners/mime/walker.h"

namespace sluice::scan {

class Transcript final : private mime::WalkerSink, private mime::TextSink {
 public:
  explicit Transcript(mime::WalkerLimits limits = {}) : walker_(limits) {}

  // The message cut into chunks of `chunk` octets.
  std::string of(std::string_view message, std::size_t chunk = SIZE_MAX) {
    begin();
    for (std::size_t at = 0; at < message.size(); at += std::min(chunk, message.size() - at))
      feed(message.substr(at, chunk));
    return end();
  }

  std::string of_two(std::string_view message, std::size_t cut) {
    begin();
    feed(message.substr(0, cut));
    feed(message.substr(cut));
    return end();
  }

  void begin() {
    text_.clear();
    walker_.begin();
  }
  void feed(std::string_view octets) { walker_.feed(as_bytes(octets), *this); }
  std::string end() {
    walker_.finish(*this);
    return std::move(text_);
  }

  // Names in the order of the list, with spaces between.
  std::string anomalies() const {
    std::string names;
    walker_.anomalies().for_each([&](mime::Anomaly anomaly) {
      if (!names.empty()) names += ' ';
      names += mime::anomaly_name(anomaly);
    });
    return names;
  }

 private:
  void field(mime::Section section, const mime::FieldPiece& piece) noexcept override {
    std::string_view value = piece.value;
    if (piece.first) {
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      text_ += section == mime::Section::message ? "M " : "P ";
      text_ += piece.name;
      text_ += ": ";
    }
    text_ += mime::decode_field(value, workspace_);
    if (piece.last) text_ += '\n';
  }
  void section_end(mime::Section) noexcept override {}
  void leaf_begin(const mime::Leaf& leaf) noexcept override {
    const mime::Entity& entity = leaf.entity;
    is_text_ = entity.kind == mime::MediaKind::text;
    text_ += is_text_ ? "[" : "{";
    decoder_.begin(entity.encoding, mime::find_charset(entity.charset.view()));
  }
  void leaf(ByteView octets) noexcept override {
    if (is_text_)
      decoder_.feed(octets, workspace_, *this);
    else
      text_ += as_text(octets);
  }
  void leaf_end() noexcept override {
    if (is_text_) decoder_.finish(workspace_, *this);
    text_ += is_text_ ? "]\n" : "}\n";
  }
  void text(ByteView utf8) noexcept override { text_ += as_text(utf8); }

  mime::Walker walker_;
  mime::Workspace workspace_;
  mime::TextDecoder decoder_;
  bool is_text_ = false;
  std::string text_;
};

}  // namespace sluice::scan
