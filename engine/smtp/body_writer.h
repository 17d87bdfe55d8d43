// The octets of a message into DATA: stuffs dots, turns bare CR and bare LF into CRLF, ends with
// <CRLF>.<CRLF>. Whatever is given, no bare newline and no unstuffed dot leaves (RFC 5321 4.5.2).
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

  void start() noexcept { state_ = State::line_start; }
  Step write(ByteView body, MutableBytes out) noexcept;
  // Returns how many octets were written; out.size() >= kEndBytesMax.
  std::size_t finish(MutableBytes out) noexcept;

 private:
  enum class State : std::uint8_t { line_start, text, cr };

  void copy_run(ByteView body, MutableBytes out, Step& step) noexcept;
  void write_octet(std::uint8_t octet, MutableBytes out, Step& step) noexcept;

  State state_ = State::line_start;
};

}  // namespace sluice::smtp
