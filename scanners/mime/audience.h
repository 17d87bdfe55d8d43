// Several sinks that are told of one message, each call in the order in which they were added.
#pragma once

#include <array>

#include "engine/base/contract.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::mime {

class Audience final : public MessageSink {
 public:
  void add(MessageSink& sink) {
    SLUICE_ASSERT(count_ < sinks_.size());
    sinks_[count_++] = &sink;
  }

 private:
  void field(const HeaderField& field) noexcept override {
    each([&](MessageSink& sink) { sink.field(field); });
  }
  void section_end(Section section) noexcept override {
    each([&](MessageSink& sink) { sink.section_end(section); });
  }
  void container(std::string_view type, std::uint32_t depth) noexcept override {
    each([&](MessageSink& sink) { sink.container(type, depth); });
  }
  void part_begin(const Part& part) noexcept override {
    each([&](MessageSink& sink) { sink.part_begin(part); });
  }
  void part_raw(const Part& part, ByteView encoded) noexcept override {
    each([&](MessageSink& sink) { sink.part_raw(part, encoded); });
  }
  void part_bytes(const Part& part, ByteView decoded) noexcept override {
    each([&](MessageSink& sink) { sink.part_bytes(part, decoded); });
  }
  // The tokens of HTML are told to one: the first that wants them.
  html::TokenSink* html_begin(const Part& part) noexcept override {
    html::TokenSink* wanted = nullptr;
    each([&](MessageSink& sink) {
      if (wanted == nullptr) wanted = sink.html_begin(part);
    });
    return wanted;
  }
  void text(const Part& part, ByteView utf8) noexcept override {
    each([&](MessageSink& sink) { sink.text(part, utf8); });
  }
  void rendered(const Part& part, ByteView utf8) noexcept override {
    each([&](MessageSink& sink) { sink.rendered(part, utf8); });
  }
  void part_end(const Part& part) noexcept override {
    each([&](MessageSink& sink) { sink.part_end(part); });
  }
  void rawbody(std::string_view element) noexcept override {
    each([&](MessageSink& sink) { sink.rawbody(element); });
  }
  void body(BodyView view, std::string_view element) noexcept override {
    each([&](MessageSink& sink) { sink.body(view, element); });
  }
  void uri(const Uri& uri) noexcept override {
    each([&](MessageSink& sink) { sink.uri(uri); });
  }
  void message_end(const MessageFacts& facts) noexcept override {
    each([&](MessageSink& sink) { sink.message_end(facts); });
  }

  template <typename Tell>
  void each(Tell&& tell) noexcept {
    for (std::size_t i = 0; i < count_; ++i) tell(*sinks_[i]);
  }

  std::array<MessageSink*, 4> sinks_{};
  std::size_t count_ = 0;
};

}  // namespace sluice::scan::mime
