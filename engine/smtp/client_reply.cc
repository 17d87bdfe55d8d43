#include "engine/smtp/client_reply.h"

#include <algorithm>

namespace sluice::smtp {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// "250", "250 text" or "250-text"; 0 = not a reply line.
std::uint16_t code_of(std::string_view line) noexcept {
  if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  return code >= 200 && code <= 599 ? static_cast<std::uint16_t>(code) : std::uint16_t{0};
}

}  // namespace

void ReplyReader::clear() noexcept {
  line_.clear();
  text_.clear();
  code_ = 0;
  lines_ = 0;
  whole_ = false;
}

ReplyReader::Result ReplyReader::read(ByteView input) {
  if (whole_) clear();
  std::size_t consumed = 0;
  while (consumed < input.size()) {
    const ByteView rest = input.subspan(consumed);
    const std::size_t newline = find_byte(rest, '\n');
    if (line_.size() + newline > kReplyLineBytesMax) return {Status::malformed, input.size()};
    line_ += as_text(rest.first(newline));
    if (newline == rest.size()) break;
    consumed += newline + 1;
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    const Status status = take_line(line_);
    line_.clear();
    whole_ = status == Status::whole;
    if (status != Status::partial) return {status, consumed};
  }
  return {Status::partial, input.size()};
}

ReplyReader::Status ReplyReader::take_line(std::string_view line) {
  const std::uint16_t code = code_of(line);
  if (code == 0 || (lines_ > 0 && code != code_)) return Status::malformed;
  if (++lines_ > kReplyLinesMax) return Status::malformed;
  code_ = code;
  const std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
  if (text_.size() + text.size() < kReplyTextBytesMax) {
    if (lines_ > 1) text_ += '\n';
    text_ += text;
  }
  return line.size() > 3 && line[3] == '-' ? Status::partial : Status::whole;
}

}  // namespace sluice::smtp
