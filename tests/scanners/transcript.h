// Writes down what a message reader tells, in a form that chunking must not change.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "scanners/mime/message_reader.h"

namespace sluice::scan {

class Transcript final : private mime::MessageSink {
 public:
  explicit Transcript(mime::WalkerLimits limits = {}) : Transcript({.walker = limits}, kParts) {}
  Transcript(const mime::MessageLimits& limits, const mime::Wanted& wanted)
      : reader_(limits, wanted) {}

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
    files_.clear();
    for (std::string& view : elements_) view.clear();
    uris_.clear();
    reader_.begin();
  }
  void feed(std::string_view octets) { reader_.feed(as_bytes(octets), workspace_, *this); }
  std::string end() {
    reader_.finish(workspace_, *this);
    return text_ + files_ + elements() + uris_;
  }

  // Names in the order of the list, with spaces between.
  std::string anomalies() const {
    std::string names;
    facts_.anomalies.for_each([&](mime::Anomaly anomaly) {
      if (!names.empty()) names += ' ';
      names += mime::anomaly_name(anomaly);
    });
    return names;
  }
  const mime::MessageFacts& facts() const { return facts_; }
  // Of one view after the other: between views the order is not promised.
  std::string elements() const { return elements_[0] + elements_[1] + elements_[2] + elements_[3]; }
  const std::string& uris() const { return uris_; }

 private:
  static constexpr mime::Wanted kParts{.part_bytes = true, .text = true};

  void field(const mime::HeaderField& field) noexcept override {
    if (field.first) {
      text_ += field.section == mime::Section::message ? "M " : "P ";
      text_ += field.name;
      text_ += ": ";
    }
    text_ += field.value;
    if (field.last) text_ += '\n';
  }
  // A uuencoded file is told within the text that it is in.
  std::string& place_of(const mime::Part& part) {
    return part.role == mime::PartRole::uuencoded ? files_ : text_;
  }
  void part_begin(const mime::Part& part) noexcept override {
    place_of(part) += part.is_text ? "[" : "{";
  }
  void part_bytes(const mime::Part& part, ByteView decoded) noexcept override {
    if (!part.is_text) place_of(part) += as_text(decoded);
  }
  void text(const mime::Part&, ByteView utf8) noexcept override { text_ += as_text(utf8); }
  void part_end(const mime::Part& part) noexcept override {
    place_of(part) += part.is_text ? "]\n" : "}\n";
  }
  void rawbody(std::string_view element) noexcept override { add(3, "raw", element); }
  void body(mime::BodyView view, std::string_view element) noexcept override {
    constexpr const char* kNames[] = {"body", "visible", "hidden"};
    add(static_cast<std::size_t>(view), kNames[static_cast<int>(view)], element);
  }
  void uri(const mime::Uri& uri) noexcept override {
    uris_ += std::string(uri.canonical) + " " + std::string(uri.host) + " " +
             std::to_string(uri.signs) + "\n";
  }
  void message_end(const mime::MessageFacts& facts) noexcept override { facts_ = facts; }

  void add(std::size_t view, const char* name, std::string_view element) {
    std::string& all = elements_[view];
    all += name;
    all += '<';
    all += element;
    all += ">\n";
  }

  mime::MessageReader reader_;
  mime::Workspace workspace_;
  mime::MessageFacts facts_;
  std::string text_;
  std::string files_;
  std::array<std::string, 4> elements_;  // by BodyView, then rawbody
  std::string uris_;
};

// Everything there is to tell.
inline constexpr mime::Wanted kAllWanted{.part_bytes = true,
                                         .text = true,
                                         .rawbody = true,
                                         .body = true,
                                         .visible = true,
                                         .hidden = true,
                                         .uris = true};

}  // namespace sluice::scan
