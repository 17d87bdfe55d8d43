// The octets of a message out of DATA: removes dot-stuffing, finds <CRLF>.<CRLF> and nothing else
// as the end, watches for bare CR, bare LF and NUL (RFC 5321 4.1.1.4, 4.5.2, 2.3.8; smuggling).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::smtp {

// reject: a bare CR or LF is a fault. normalise: it becomes CRLF, and a dot behind it is an
// ordinary octet of the message: only a CRLF as sent makes a dot special.
enum class BareNewlineMode : std::uint8_t { reject, normalise };

class DataReceiver {
 public:
  enum class Fault : std::uint8_t { none, bare_newline, nul };

  struct Step {
    std::size_t consumed = 0;  // octets of input
    std::size_t produced = 0;  // octets written to out
    bool end = false;          // <CRLF>.<CRLF> was the last thing consumed
  };

  void start(BareNewlineMode mode) noexcept;  // behind the CRLF of the DATA command
  // Stops at the end of the message, when the input is used up or when `out` is full. With an input
  // and room in `out` it always moves on. While discarding, `out` may be empty.
  Step receive(ByteView input, MutableBytes out) noexcept;

  // From here on octets are only searched for the end. A fault does the same.
  void discard() noexcept;
  bool discarding() const noexcept { return discarding_; }
  Fault fault() const noexcept { return fault_; }

 private:
  // What stands before the next octet. A CR and a dot at a line start are held back until the next
  // octet tells what they are.
  enum class State : std::uint8_t { line_start, text, cr, dot, dot_cr };

  void copy_run(ByteView input, MutableBytes out, Step& step) noexcept;
  void take_octet(std::uint8_t octet, Step& step) noexcept;
  void take_text_octet(std::uint8_t octet) noexcept;
  void bare_newline() noexcept;
  void report(Fault fault) noexcept;
  void hold(std::uint8_t octet) noexcept;
  bool flush_held(MutableBytes out, Step& step) noexcept;

  BareNewlineMode mode_ = BareNewlineMode::reject;
  State state_ = State::line_start;
  Fault fault_ = Fault::none;
  bool discarding_ = false;
  std::uint8_t held_count_ = 0;
  std::array<std::uint8_t, 2> held_{};  // decided octets that did not fit in `out` yet
};

}  // namespace sluice::smtp
