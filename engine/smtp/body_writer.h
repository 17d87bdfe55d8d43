// The octets of a message on their way out: turns bare CR and bare LF into CRLF; for DATA it also
// stuffs dots and ends with <CRLF>.<CRLF>. Whatever is given, no bare newline leaves, and no
// unstuffed dot in DATA (RFC 5321 4.5.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::smtp {

class BodyWriter {
 public:
  static constexpr std::size_t kEndBytesMax = 5;   // what finish() may write
  static constexpr std::size_t kStepBytesMax = 2;  // below this room write() takes nothing

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  enum class Form : std::uint8_t { data, chunk };  // of DATA, or of BDAT (RFC 3030)

  void start(Form form) noexcept {
    form_ = form;
    state_ = State::line_start;
  }
  Step write(ByteView body, MutableBytes out) noexcept;
  // The end of the last line, and of DATA the dot. Returns how many octets were written;
  // out.size() >= kEndBytesMax.
  std::size_t finish(MutableBytes out) noexcept;

 private:
  enum class State : std::uint8_t { line_start, text, cr };

  void copy_run(ByteView body, MutableBytes out, Step& step) noexcept;
  void write_octet(std::uint8_t octet, MutableBytes out, Step& step) noexcept;

  Form form_ = Form::data;
  State state_ = State::line_start;
};

}  // namespace sluice::smtp
