#include "engine/smtp/line_reader.h"

namespace sluice::smtp {

void LineReader::clear() noexcept {
  held_.clear();
  held_line_ended_ = discarding_ = discarded_cr_ = false;
}

LineReader::Line LineReader::read(ByteView input) noexcept {
  if (held_line_ended_) clear();
  const std::size_t newline = find_byte(input, '\n');
  const bool ended = newline < input.size();
  const ByteView piece = input.first(ended ? newline + 1 : newline);
  if (!discarding_ && piece.size() > held_.room()) {
    discarding_ = true;
    discarded_cr_ = !held_.empty() && held_.bytes().back() == '\r';
    held_.clear();
  }
  if (discarding_) return discard(piece, ended);
  if (ended && held_.empty()) return finish(as_text(piece), piece.size());
  held_.append(piece);
  if (!ended) return {Status::partial, piece.size(), {}};
  held_line_ended_ = true;
  return finish(as_text(held_.bytes()), piece.size());
}

// Only CRLF ends an overlong line.
LineReader::Line LineReader::discard(ByteView piece, bool ended) noexcept {
  const bool crlf = ended && (piece.size() > 1 ? piece[piece.size() - 2] == '\r' : discarded_cr_);
  if (crlf)
    clear();
  else if (!piece.empty())
    discarded_cr_ = piece.back() == '\r';
  return {crlf ? Status::too_long : Status::partial, piece.size(), {}};
}

LineReader::Line LineReader::finish(std::string_view line, std::size_t consumed) noexcept {
  const std::size_t cr = line.find('\r');
  if (cr != line.size() - 2) return {Status::bare_newline, consumed, {}};
  return {Status::whole, consumed, line.substr(0, cr)};
}

}  // namespace sluice::smtp
