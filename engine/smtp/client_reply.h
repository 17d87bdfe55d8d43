// Replies of a server out of a stream of octets, with bounds on everything the server decides:
// line length, number of lines, text that is kept (RFC 5321 4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::smtp {

// RFC 5321 allows 512 octets; what is seen in the field is longer.
inline constexpr std::size_t kReplyLineBytesMax = 2048;
inline constexpr std::size_t kReplyLinesMax = 128;
inline constexpr std::size_t kReplyTextBytesMax = 4096;  // kept of one reply; the rest is dropped

class ReplyReader {
 public:
  enum class Status : std::uint8_t { partial, whole, malformed };

  struct Result {
    Status status = Status::partial;
    std::size_t consumed = 0;
  };

  // Takes input up to the end of one reply. A bare LF ends a line too: this is a reader of what
  // others send, and nothing is hidden in replies.
  Result read(ByteView input);
  void clear() noexcept;

  // Of the whole reply, until the next read().
  std::uint16_t code() const noexcept { return code_; }
  // Lines separated by '\n', codes removed.
  std::string_view text() const noexcept { return text_; }

 private:
  Status take_line(std::string_view line);

  std::string line_;
  std::string text_;
  std::uint16_t code_ = 0;
  std::uint32_t lines_ = 0;
  bool whole_ = false;
};

}  // namespace sluice::smtp
