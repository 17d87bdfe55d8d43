// Command lines out of a stream of octets. A line ends with CRLF; a line with a bare CR or LF is no
// command, so that nothing can be hidden in one (SMTP smuggling), and an overlong one is dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/smtp/spill_buffer.h"

namespace sluice::smtp {

// 512 octets of RFC 5321 4.5.3.1.4 with what SIZE, 8BITMIME, DSN and SMTPUTF8 add to MAIL and RCPT
// (ORCPT alone: 500), rounded up. Includes the CRLF.
inline constexpr std::size_t kCommandBytesMax = 2048;

class LineReader {
 public:
  enum class Status : std::uint8_t { partial, whole, bare_newline, too_long };

  struct Line {
    Status status = Status::partial;
    std::size_t consumed = 0;
    std::string_view text;  // only when whole: without CRLF, valid until the next read()
  };

  // partial: all of the input was taken and the line goes on. Otherwise a line has ended.
  Line read(ByteView input) noexcept;
  void clear() noexcept;

 private:
  Line discard(ByteView piece, bool ended) noexcept;
  Line finish(std::string_view line, std::size_t consumed) noexcept;

  SpillBuffer<128, kCommandBytesMax> held_;  // the beginning of a line that came in pieces
  bool held_line_ended_ = false;             // held_ is what the last read() returned
  bool discarding_ = false;                  // within an overlong line
  bool discarded_cr_ = false;                // … whose last octet was CR
};

}  // namespace sluice::smtp
