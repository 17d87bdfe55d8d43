// A message as the reader tells it, kept to be told again without the reading of MIME.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scanners/mime/message_sink.h"
#include "scanners/spamassassin/rule.h"

namespace sluice::bench {

namespace mime = scan::mime;
namespace sa = scan::sa;

struct RuleText {
  sa::Kind kind = sa::Kind::body;
  std::string text;
};

class Tape final : public mime::MessageSink {
 public:
  void replay(mime::MessageSink& sink) const {
    for (const auto& step : steps_) step(sink);
  }
  // As rules see them; the first of the body is the Subject.
  const std::vector<RuleText>& texts() const noexcept { return texts_; }

 private:
  void field(const mime::HeaderField& field) noexcept override {
    struct Copy {
      mime::HeaderField field;
      std::string name, raw, value;
    };
    auto copy = std::make_shared<Copy>(field, std::string(field.name), std::string(field.raw),
                                       std::string(field.value));
    copy->field.name = copy->name;
    copy->field.raw = copy->raw;
    copy->field.value = copy->value;
    steps_.push_back([copy](mime::MessageSink& sink) { sink.field(copy->field); });
  }
  void section_end(mime::Section section) noexcept override {
    steps_.push_back([section](mime::MessageSink& sink) { sink.section_end(section); });
  }
  void rawbody(std::string_view element) noexcept override {
    texts_.push_back({sa::Kind::rawbody, std::string(element)});
    steps_.push_back([text = std::string(element)](auto& sink) { sink.rawbody(text); });
  }
  void body(mime::BodyView view, std::string_view element) noexcept override {
    if (view == mime::BodyView::all) texts_.push_back({sa::Kind::body, std::string(element)});
    steps_.push_back([view, text = std::string(element)](auto& sink) { sink.body(view, text); });
  }
  void uri(const mime::Uri& uri) noexcept override {
    texts_.push_back({sa::Kind::uri, std::string(uri.canonical)});
    steps_.push_back([uri, written = std::string(uri.written),
                      canonical = std::string(uri.canonical)](mime::MessageSink& sink) {
      mime::Uri copy = uri;
      copy.written = written;
      copy.canonical = canonical;
      copy.host = copy.shown = {};
      sink.uri(copy);
    });
  }
  void message_end(const mime::MessageFacts& facts) noexcept override {
    steps_.push_back([facts](mime::MessageSink& sink) { sink.message_end(facts); });
  }

  std::vector<std::function<void(mime::MessageSink&)>> steps_;
  std::vector<RuleText> texts_;
};

}  // namespace sluice::bench
