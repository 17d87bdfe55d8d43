#include "scanners/mime/walker.h"

#include <algorithm>
#include <cstring>

namespace sluice::scan::mime {

void Walker::begin() noexcept {
  boundaries_.clear();
  depth_ = parts_ = 0;
  held_ = 0;
  in_leaf_ = skip_line_ = false;
  begin_header(Section::message, MediaKind::text);
}

void Walker::feed(ByteView octets, WalkerSink& sink) noexcept {
  sink_ = &sink;
  while (!octets.empty()) {
    if (skip_line_) {
      const std::size_t newline = find_byte(octets, '\n');
      skip_line_ = newline == octets.size();
      octets = octets.subspan(skip_line_ ? newline : newline + 1);
    } else if (state_ == State::header) {
      feed_header(octets);
    } else if (held_ > 0) {
      feed_held(octets);
    } else {
      feed_body(octets);
    }
  }
  sink_ = nullptr;
}

void Walker::finish(WalkerSink& sink) noexcept {
  sink_ = &sink;
  if (state_ == State::header && fields_.finish(*this) == FieldReader::Outcome::stray) take_stray();
  const ByteView line{hold_.data(), held_};
  if (held_ > 0 && !take_delimiter(line, {})) tell_leaf(line);
  held_ = 0;
  end_leaf();
  sink_ = nullptr;
}

void Walker::field(const FieldPiece& piece) noexcept {
  if (piece.first) entity_.note_field(piece.name, piece.value);
  sink_->field(section_, piece);
}

void Walker::begin_header(Section section, MediaKind default_kind) noexcept {
  state_ = State::header;
  section_ = section;
  fields_.begin(limits_.header_bytes_max);
  entity_.reset(default_kind);
}

void Walker::feed_header(ByteView& in) noexcept {
  switch (fields_.feed(in, *this)) {
    case FieldReader::Outcome::more: return;
    case FieldReader::Outcome::blank:
      at_line_start_ = true;
      end_header();
      return;
    case FieldReader::Outcome::stray: take_stray(); return;
  }
}

// A header section without its blank line: a delimiter ends the part, anything else begins the
// body.
void Walker::take_stray() noexcept {
  const ByteView line = fields_.stray();
  if (take_delimiter(line.first(std::min(line.size(), kDelimiterBytes)), {})) {
    skip_line_ = line.back() != '\n';
    return;
  }
  end_header();
  if (state_ == State::header) begin_plain_leaf();  // a nested message that has no header
  at_line_start_ = line.back() == '\n';
  tell_leaf(line);
}

void Walker::end_header() noexcept {
  const bool nests = entity_.kind == MediaKind::multipart || entity_.kind == MediaKind::message;
  if (!nests || depth_ >= limits_.depth_max) {
    begin_leaf();
    return;
  }
  if (entity_.kind == MediaKind::message) {
    if (entity_.encoding != TransferEncoding::identity) {
      begin_leaf();  // encoded against RFC 2046 5.2.1: taken as text
      return;
    }
    ++depth_;
    begin_header(Section::part, MediaKind::text);
    return;
  }
  if (boundaries_.push(entity_.boundary.view(), depth_ + 1, entity_.digest)) ++depth_;
  begin_plain_leaf();  // the preamble
}

void Walker::begin_leaf() noexcept {
  if (entity_.kind != MediaKind::other) entity_.kind = MediaKind::text;
  state_ = State::body;
  in_leaf_ = true;
  sink_->leaf_begin(entity_);
}

void Walker::begin_plain_leaf() noexcept {
  entity_.reset(MediaKind::text);
  begin_leaf();
}

void Walker::end_leaf() noexcept {
  if (in_leaf_) sink_->leaf_end();
  in_leaf_ = false;
}

void Walker::tell_leaf(ByteView octets) noexcept {
  if (!octets.empty()) sink_->leaf(octets);
}

// Tells runs of whole lines up to the next delimiter.
void Walker::feed_body(ByteView& in) noexcept {
  std::size_t at = boundaries_.empty() ? in.size() : 0;
  while (at < in.size()) {
    if (at_line_start_ && in[at] == '-') {
      if (hold(in, at)) {
        in = {};
        return;
      }
      const ByteView window = in.subspan(at, std::min(in.size() - at, kDelimiterBytes));
      const ByteView line = window.first(std::min(find_byte(window, '\n') + 1, window.size()));
      if (take_delimiter(line, in.first(at))) {
        in = in.subspan(at + line.size());
        return;
      }
    }
    const std::size_t newline = find_byte(in.subspan(at), '\n');
    at_line_start_ = newline < in.size() - at;
    at += newline + (at_line_start_ ? 1 : 0);
  }
  tell_leaf(in);
  in = {};
}

// Keeps the line that begins at `at` when the chunk ends before it can be judged.
bool Walker::hold(ByteView in, std::size_t at) noexcept {
  const ByteView line = in.subspan(at);
  if (line.size() >= kDelimiterBytes || find_byte(line, '\n') < line.size()) return false;
  tell_leaf(in.first(at));
  std::memcpy(hold_.data(), line.data(), line.size());
  held_ = static_cast<std::uint16_t>(line.size());
  return true;
}

// Completes the held line up to its end or the length that decides.
void Walker::feed_held(ByteView& in) noexcept {
  const ByteView window = in.first(std::min(in.size(), kDelimiterBytes - held_));
  const ByteView taken = window.first(std::min(find_byte(window, '\n') + 1, window.size()));
  std::memcpy(hold_.data() + held_, taken.data(), taken.size());
  held_ = static_cast<std::uint16_t>(held_ + taken.size());
  in = in.subspan(taken.size());
  const bool ended = taken.back() == '\n';
  if (!ended && held_ < kDelimiterBytes) return;
  const ByteView line{hold_.data(), held_};
  held_ = 0;
  if (take_delimiter(line, {})) return;
  at_line_start_ = ended;
  tell_leaf(line);
}

// When `line` is a delimiter: tells the octets before it, then ends the leaf and goes on behind it.
bool Walker::take_delimiter(ByteView line, ByteView leaf_before) noexcept {
  const auto delimiter = boundaries_.find(as_text(line));
  if (!delimiter) return false;
  tell_leaf(leaf_before);
  end_leaf();
  boundaries_.apply(*delimiter);
  at_line_start_ = true;
  skip_line_ = line.back() != '\n';
  depth_ = delimiter->depth - (delimiter->close ? 1 : 0);
  if (delimiter->close) {
    begin_plain_leaf();  // the epilogue
  } else if (++parts_ > limits_.parts_max) {
    boundaries_.clear();  // the rest is told as one leaf
    begin_plain_leaf();
  } else {
    begin_header(Section::part, delimiter->digest ? MediaKind::message : MediaKind::text);
  }
  return true;
}

}  // namespace sluice::scan::mime
