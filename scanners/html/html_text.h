// The text of HTML mail as it is rendered: which of it a person sees and which is hidden, where the
// lines break, and where its links lead against what they show. Incremental, fixed memory (about
// 13 KiB); the same calls' text for any chunks.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "scanners/html/element.h"
#include "scanners/html/name.h"
#include "scanners/html/style.h"
#include "scanners/html/tokenizer.h"
#include "scanners/mime/bounded_text.h"
#include "scanners/mime/message_sink.h"

namespace sluice::scan::html {

struct Link {
  std::string_view target;  // as written, references resolved
  mime::UriSource source = mime::UriSource::link;
  std::string_view shown;  // the visible text within <a>, cut
  bool hidden = false;     // <a> without visible text, though it has text
};

class HtmlSink {
 public:
  // White space of a line break is visible. Whole characters.
  virtual void rendered(ByteView utf8, bool visible) noexcept = 0;
  virtual void link(const Link& link) noexcept = 0;

 protected:
  ~HtmlSink() = default;
};

inline constexpr std::size_t kStyledElementsMax = 64;  // open at once; deeper ones have their
                                                       // parent's style

class HtmlText final : private TokenSink {
 public:
  // `tokens`, unless null, is told of all tokens too.
  void begin(TokenSink* tokens = nullptr) noexcept;
  void feed(ByteView utf8, HtmlSink& sink) noexcept;
  void finish(HtmlSink& sink) noexcept;
  bool too_deep() const noexcept { return too_deep_; }

 private:
  struct Element {
    Name id = Name::other;
    mime::BoundedText<kTagNameBytes> name;
    Style style;
    std::uint32_t nested = 0;  // of the same name, open within it, without a frame of their own
  };

  void characters(ByteView utf8) noexcept override;
  void start_tag(const Tag& tag) noexcept override;
  void end_tag(Name id, std::string_view name) noexcept override;
  void markup(std::string_view text) noexcept override;

  void open(const Tag& tag) noexcept;
  void close(Name id, std::string_view name) noexcept;
  void close_implied(Name id, Traits traits) noexcept;
  Element* innermost(Name id, std::string_view name) noexcept;
  void break_line(Traits tag) noexcept;
  void tell(ByteView utf8, bool visible) noexcept;
  void render(ByteView utf8, bool visible) noexcept;
  void flush() noexcept;
  void tell_links(const Tag& tag, Traits traits) noexcept;
  void open_link(const Tag& tag) noexcept;
  void close_link() noexcept;
  const Style& style() const noexcept { return elements_[open_ - 1].style; }

  static constexpr std::size_t kRunBytes = 1'024;

  HtmlSink* sink_ = nullptr;  // during a call only
  TokenSink* tokens_ = nullptr;
  Tokenizer tokenizer_;
  std::size_t open_ = 1;  // elements_[0] is the document
  bool too_deep_ = false;
  bool dropped_ = false;      // within script or style
  bool space_ = false;        // white space that has not been told
  bool after_break_ = false;  // nothing but a break has come since
  bool in_link_ = false;
  bool link_has_text_ = false;
  // Rendered and not told yet: one call for many short pieces.
  bool run_visible_ = true;
  std::size_t run_size_ = 0;
  std::array<std::uint8_t, kRunBytes> run_;
  mime::BoundedText<kAttributeBytes> target_;
  mime::BoundedText<256> shown_;
  std::array<Element, kStyledElementsMax> elements_;
};

}  // namespace sluice::scan::html
