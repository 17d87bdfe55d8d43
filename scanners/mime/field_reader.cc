#include "scanners/mime/field_reader.h"

#include <algorithm>
#include <cstring>

namespace sluice::scan::mime {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// RFC 5322 2.2 field-name, then (RFC 5322 4.5.8) white space before the colon.
bool is_field_start(std::string_view line) noexcept {
  std::size_t at = 0;
  while (at < line.size() && line[at] > ' ' && line[at] < 0x7f && line[at] != ':') ++at;
  if (at == 0) return false;
  while (at < line.size() && is_blank(line[at])) ++at;
  return at < line.size() && line[at] == ':';
}

bool is_mbox_line(std::string_view line) noexcept {
  return line.starts_with("From ") || line.starts_with(">From ");
}

std::string_view trim_right(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

void FieldReader::begin(std::size_t bytes_max) noexcept {
  used_ = line_begin_ = 0;
  continued_ = line_judged_ = false;
  first_line_ = true;
  seen_ = 0;
  bytes_max_ = bytes_max;
}

FieldReader::Outcome FieldReader::feed(ByteView& in, FieldSink& sink) noexcept {
  while (!in.empty()) {
    const ByteView window = in.first(std::min(in.size(), kFieldPieceBytes - used_));
    const std::size_t newline = find_byte(window, '\n');
    const bool ended = newline < window.size();
    const std::size_t taken = ended ? newline + 1 : window.size();
    std::memcpy(buffer_.data() + used_, window.data(), taken);
    used_ = static_cast<std::uint16_t>(used_ + taken);
    seen_ += taken;
    in = in.subspan(taken);
    Outcome outcome = Outcome::more;
    if (ended)
      outcome = end_line(sink);
    else if (used_ == kFieldPieceBytes)
      outcome = fill_up(sink);
    if (outcome != Outcome::more) return outcome;
  }
  return Outcome::more;
}

FieldReader::Outcome FieldReader::end_line(FieldSink& sink) noexcept {
  if (!line_judged_) {
    if (line() == "\r\n" || line() == "\n") {
      close_field(sink);
      return Outcome::blank;
    }
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
  }
  line_judged_ = false;
  strip_line_end();
  line_begin_ = used_;
  return Outcome::more;
}

// No line end within the buffer: what is known of the field goes out as a piece.
FieldReader::Outcome FieldReader::fill_up(FieldSink& sink) noexcept {
  if (!line_judged_ && line_begin_ < used_) {
    const bool made_room = line_begin_ > 0 && !is_blank(line().front());
    if (made_room) {
      close_field(sink);
      return Outcome::more;
    }
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
    line_judged_ = used_ > 0;
  }
  if (used_ > 0) tell(sink, used_, false);
  used_ = line_begin_ = 0;
  return Outcome::more;
}

// Decides what the line is by its beginning. A line of a new field is at the buffer's front
// afterwards.
FieldReader::Outcome FieldReader::judge_line(FieldSink& sink) noexcept {
  if (field_begun() && is_blank(line().front())) return Outcome::more;
  close_field(sink);
  const bool mbox = first_line_ && is_mbox_line(line());
  first_line_ = false;
  if (mbox) {
    used_ = 0;
    return Outcome::more;
  }
  return is_field_start(line()) ? Outcome::more : Outcome::stray;
}

// The field is complete: tells it and moves the line being read to the front.
void FieldReader::close_field(FieldSink& sink) noexcept {
  if (field_begun()) tell(sink, line_begin_, true);
  std::memmove(buffer_.data(), buffer_.data() + line_begin_, line().size());
  used_ = static_cast<std::uint16_t>(used_ - line_begin_);
  line_begin_ = 0;
}

void FieldReader::tell(FieldSink& sink, std::size_t size, bool last) noexcept {
  FieldPiece piece{{}, {buffer_.data(), size}, !continued_, last};
  if (piece.first) {
    const std::size_t colon = piece.value.find(':');
    piece.name = trim_right(piece.value.substr(0, colon));
    piece.value.remove_prefix(colon + 1);
  }
  continued_ = !last;
  if (seen_ <= bytes_max_ || !piece.first) sink.field(piece);
}

void FieldReader::strip_line_end() noexcept {
  if (used_ > 0 && buffer_[used_ - 1] == '\n') --used_;
  if (used_ > line_begin_ && buffer_[used_ - 1] == '\r') --used_;
}

FieldReader::Outcome FieldReader::finish(FieldSink& sink) noexcept {
  if (!line_judged_ && !line().empty())
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
  line_begin_ = used_;
  if (field_begun()) tell(sink, used_, true);
  used_ = line_begin_ = 0;
  return Outcome::more;
}

}  // namespace sluice::scan::mime
