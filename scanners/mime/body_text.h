// The texts of a message in the elements that SpamAssassin's rawbody and body rules see
// (Mail::SpamAssassin::Message: split_into_array_of_short_paragraphs, get_body_text_array_common).
// Incremental, a few KiB each, the same elements for any chunks.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "scanners/mime/message_sink.h"
#include "scanners/mime/squeeze.h"

namespace sluice::scan::mime {

// "\r\n" becomes "\n"; other octets pass.
class LineEnds {
 public:
  void begin() noexcept { held_ = false; }
  template <typename Tell>
  void feed(ByteView in, Tell&& tell) noexcept {
    while (!in.empty()) {
      if (held_ && in.front() != '\n') tell(as_bytes("\r"));
      held_ = false;
      const std::size_t at = find_byte(in, '\r');
      held_ = at < in.size();
      if (at > 0) tell(in.first(at));
      in = in.subspan(held_ ? at + 1 : at);
    }
  }
  template <typename Tell>
  void finish(Tell&& tell) noexcept {
    if (held_) tell(as_bytes("\r"));
    held_ = false;
  }

 private:
  bool held_ = false;  // a CR
};

// Text up to a limit, then to the next place where it may be cut, at most 1,024 octets behind it.
class TextLimit {
 public:
  // `cuts`: the octets behind which to cut, best first. 0: no limit.
  void begin(std::uint64_t limit, std::string_view cuts) noexcept;
  bool reached() const noexcept { return over_; }

  template <typename Tell>
  void feed(ByteView in, Tell&& tell) noexcept {
    if (limit_ == 0 || in.size() <= left_) {
      left_ -= limit_ == 0 ? 0 : in.size();
      tell(in);
      return;
    }
    if (left_ > 0) tell(in.first(left_));
    keep(in.subspan(left_));
    left_ = 0;
    if (used_ == tail_.size() && !over_) tell(cut());
  }
  template <typename Tell>
  void finish(Tell&& tell) noexcept {
    if (used_ > 0 && !over_) tell(cut());
    used_ = 0;
  }

 private:
  void keep(ByteView in) noexcept;
  ByteView cut() noexcept;

  std::uint64_t limit_ = 0;
  std::uint64_t left_ = 0;
  std::string_view cuts_;
  bool over_ = false;
  std::size_t used_ = 0;
  std::array<std::uint8_t, 1'025> tail_;
};

// One part's decoded octets in elements of 2,049 to 4,096 octets; a short part is one element.
class RawbodyText {
 public:
  void begin() noexcept;
  void feed(ByteView octets, MessageSink& sink) noexcept;
  void finish(MessageSink& sink) noexcept;

 private:
  void add(ByteView octets, MessageSink& sink) noexcept;
  std::size_t element_size() const noexcept;

  LineEnds line_ends_;
  bool told_ = false;
  std::size_t used_ = 0;
  std::array<char, kRawbodyElementBytes + 1> buffer_;
};

// The rendered text of all parts: white space runs are one space, with an empty line in them a line
// end; lines above 2,048 octets are cut behind a space.
class BodyText {
 public:
  explicit BodyText(BodyView view) noexcept : view_(view) {}

  void begin() noexcept;
  void subject(std::string_view utf8, MessageSink& sink) noexcept;  // before all others
  void part() noexcept;                                             // another leaf begins
  void feed(ByteView utf8, MessageSink& sink) noexcept;             // whole characters
  void finish(MessageSink& sink) noexcept;

 private:
  // White space has come that is not told.
  bool spaces_come() const noexcept { return cr_ || before_ || newlines_ > 0; }
  std::size_t put_words(ByteView utf8) noexcept;
  void space(ByteView character) noexcept;
  void end_spaces(MessageSink& sink) noexcept;
  void put(std::string_view text, MessageSink& sink) noexcept;
  void end_line(MessageSink& sink) noexcept;

  static constexpr std::size_t kLineBytes = kBodyElementBytes + 1;

  BodyView view_;
  bool any_ = false;  // text has come, white space counts
  // The run of white space that has come but is not told.
  bool cr_ = false;  // its last is a CR
  bool before_ = false;
  bool behind_ = false;
  std::uint32_t newlines_ = 0;
  std::size_t used_ = 0;
  std::array<char, kLineBytes + kSqueezeSlack> line_;
};

}  // namespace sluice::scan::mime
