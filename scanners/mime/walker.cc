#include "scanners/mime/walker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

constexpr std::size_t kLineOctets = 998 + 2;  // RFC 5322 2.1.1, with the line end

// A line end with what may begin a delimiter behind it.
constexpr OctetPattern kDashedLine({}, OctetSet::of([](unsigned octet) { return octet == '\n'; }),
                                   OctetSet::of([](unsigned octet) { return octet == '-'; }));

bool is_white(std::uint8_t octet) noexcept {
  return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

// "\r\n", "\n" or nothing at the end of `octets`.
std::size_t line_end_size(ByteView octets) noexcept {
  if (octets.empty() || octets.back() != '\n') return 0;
  return octets.size() > 1 && octets[octets.size() - 2] == '\r' ? 2 : 1;
}

ByteView judged_part(ByteView line) noexcept {
  const ByteView window = line.first(std::min(line.size(), kDelimiterBytes));
  return window.first(std::min(find_byte(window, '\n') + 1, window.size()));
}

// Whether the line's beginning decides what it is.
bool is_decided(ByteView judged) noexcept {
  return judged.size() == kDelimiterBytes || (!judged.empty() && judged.back() == '\n');
}

}  // namespace

void Walker::begin() noexcept {
  boundaries_.clear();
  depth_ = deepest_ = parts_ = 0;
  held_ = held_line_end_ = 0;
  in_leaf_ = skip_line_ = unended_header_ = false;
  octets_ = header_octets_ = content_at_ = 0;
  section_at_ = kNowhere;
  section_begins_ = false;
  anomalies_ = {};
  begin_header(Section::message, MediaKind::text);
}

void Walker::feed(ByteView octets, WalkerSink& sink) noexcept {
  sink_ = &sink;
  octets_ += octets.size();
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
  if (state_ == State::header && fields_.finish(*this) == FieldReader::Outcome::stray) {
    content_at_ = octets_ - fields_.stray().size();
    take_stray();
  }
  const ByteView line = ByteView(hold_).subspan(held_line_end_, held_ - held_line_end_);
  if (held_ > 0 && !take_delimiter(line)) tell_held();
  if (state_ == State::header) {
    if (std::exchange(section_begins_, false)) section_at_ = octets_;
    content_at_ = octets_;
    if (section_ == Section::message) {
      header_octets_ = octets_;
      unended_header_ = true;
    }
    note(Anomaly::missing_blank_line);
    end_header();
  }
  end_leaf();
  anomalies_.add(boundaries_.close_all());
  sink_ = nullptr;
}

void Walker::field(const FieldPiece& piece) noexcept {
  note_field(piece);
  if (piece.first) ++fields_told_;
  const bool too_many = fields_told_ > limits_.header_fields_max;
  if (too_many) note(Anomaly::header_fields_limit);
  if (too_many || entity_.anomalies.has(Anomaly::header_bytes_limit)) return;
  if (fields_.seen() <= limits_.header_bytes_max) {
    sink_->field(section_, piece);
    return;
  }
  note(Anomaly::header_bytes_limit);
  FieldPiece end = piece;  // of a field that was begun: what is told of it ends here
  end.last = true;
  if (!piece.first) sink_->field(section_, end);
}

// What is said of the body counts, however long the field and however far behind it is.
void Walker::note_field(const FieldPiece& piece) noexcept {
  if ((piece.first && piece.last) || !Entity::is_about_body(piece.name)) {
    if (piece.first) entity_.note_field(piece.name, piece.value);
    return;
  }
  if (piece.first) long_field_.begin();
  long_field_.add(piece.value);
  if (!piece.last) return;
  entity_.note_field(piece.name, long_field_.view());
  if (long_field_.limit_reached()) note(Anomaly::parameter_limit);
}

void Walker::begin_header(Section section, MediaKind default_kind) noexcept {
  state_ = State::header;
  section_ = section;
  fields_told_ = 0;
  fields_.begin(section == Section::part);
  entity_.reset(default_kind);
}

void Walker::begin_part(MediaKind default_kind) noexcept {
  section_begins_ = true;
  begin_header(Section::part, default_kind);
}

void Walker::feed_header(ByteView& in) noexcept {
  if (std::exchange(section_begins_, false)) section_at_ = octets_ - in.size();
  switch (fields_.feed(in, *this)) {
    case FieldReader::Outcome::more: return;
    case FieldReader::Outcome::blank:
      content_at_ = octets_ - in.size();
      if (section_ == Section::message) header_octets_ = content_at_;
      end_section();
      return;
    case FieldReader::Outcome::stray:
      content_at_ = octets_ - in.size() - fields_.stray().size();
      if (section_ == Section::message) header_octets_ = content_at_;
      take_stray();
      return;
  }
}

// A header section without its blank line. What ended it is the body's first line, or a delimiter
// of the multipart that the section is about, or of one around it.
void Walker::take_stray() noexcept {
  ByteView line = fields_.stray();
  if (section_ == Section::message) unended_header_ = true;
  const bool delimiter = boundaries_.find(as_text(judged_part(line))).has_value();
  note(delimiter ? Anomaly::missing_blank_line : Anomaly::field_without_name);
  end_header();
  while (!line.empty() && !skip_line_) held_ > 0 ? feed_held(line) : feed_body(line);
  skip_line_ = skip_line_ && (line.empty() || line.back() != '\n');
}

// The section, and where nothing follows that of the message within it.
void Walker::end_header() noexcept {
  while (state_ == State::header) end_section();
}

void Walker::end_section() noexcept {
  note(fields_.anomalies());
  entity_.end();
  if (section_ == Section::message && !entity_.has_version &&
      (entity_.has_type || entity_.has_encoding))
    note(Anomaly::missing_mime_version);
  sink_->section_end(section_);
  const bool nests = entity_.kind == MediaKind::multipart || entity_.kind == MediaKind::message;
  const bool encoded = entity_.encoding != TransferEncoding::identity;
  if (nests && depth_ >= limits_.depth_max) note(Anomaly::depth_limit);
  if (!nests || encoded || depth_ >= limits_.depth_max) {
    begin_leaf(PartRole::content);
    return;
  }
  sink_->container(entity_, depth_);
  deepest_ = std::max(deepest_, ++depth_);
  const bool undelimited = entity_.kind == MediaKind::multipart && entity_.boundary.view().empty();
  if (entity_.kind == MediaKind::message || undelimited) {
    anomalies_.add(entity_.anomalies);
    begin_header(Section::part, MediaKind::text);
    if (undelimited) note(Anomaly::no_parts);
    return;
  }
  note(boundaries_.push(entity_.boundary.view(), depth_, entity_.digest));
  anomalies_.add(entity_.anomalies);
  begin_plain_leaf(PartRole::preamble);
}

void Walker::begin_leaf(PartRole role) noexcept {
  if (entity_.kind == MediaKind::multipart) entity_.type.assign("text/plain");
  if (entity_.kind != MediaKind::other) entity_.kind = MediaKind::text;
  state_ = State::body;
  role_ = role;
  in_leaf_ = true;
  leaf_told_ = line_judged_ = false;
  line_octets_ = 0;
  preamble_octets_ = 0;
  if (role == PartRole::content) tell({});
}

void Walker::begin_plain_leaf(PartRole role) noexcept {
  entity_.reset(MediaKind::text);
  begin_leaf(role);
}

// Returns what it has no room for.
ByteView Walker::keep_preamble(ByteView octets) noexcept {
  const std::size_t kept = std::min(octets.size(), kPreambleBytes - preamble_octets_);
  std::memcpy(preamble_.data() + preamble_octets_, octets.data(), kept);
  preamble_octets_ = static_cast<std::uint16_t>(preamble_octets_ + kept);
  return octets.subspan(kept);
}

// Another header section and its leaf, in place of the preamble; nothing nests in it.
void Walker::tell_preamble_as_part() noexcept {
  ByteView rest = ByteView(preamble_).first(preamble_octets_);
  const bool line_judged = line_judged_;  // of the line that goes on behind it
  begin_header(Section::part, MediaKind::text);
  auto outcome = FieldReader::Outcome::more;
  while (!rest.empty() && outcome == FieldReader::Outcome::more)
    outcome = fields_.feed(rest, *this);
  if (outcome == FieldReader::Outcome::more) outcome = fields_.finish(*this);
  note(Anomaly::no_parts);
  entity_.end();
  sink_->section_end(section_);
  const bool stray = outcome == FieldReader::Outcome::stray;
  content_at_ += preamble_octets_ - rest.size() - (stray ? fields_.stray().size() : 0);
  begin_leaf(PartRole::content);
  if (stray) tell_leaf(fields_.stray());
  tell_leaf(rest);
  line_judged_ = line_judged;
}

void Walker::end_leaf() noexcept {
  if (in_leaf_ && role_ == PartRole::preamble && preamble_octets_ > 0) tell_preamble_as_part();
  if (in_leaf_ && leaf_told_) sink_->leaf_end();
  if (in_leaf_) anomalies_.add(entity_.anomalies);
  in_leaf_ = false;
}

void Walker::tell_leaf(ByteView octets) noexcept {
  if (role_ == PartRole::preamble) {
    octets = keep_preamble(octets);
    if (octets.empty()) return;
    tell_preamble_as_part();
  }
  tell(octets);
}

void Walker::tell(ByteView octets) noexcept {
  if (!leaf_told_ && (!octets.empty() || role_ == PartRole::content)) {
    leaf_told_ = true;
    const std::uint64_t section_at = role_ == PartRole::content ? section_at_ : kNowhere;
    sink_->leaf_begin({entity_, role_, depth_, section_at, content_at_});
  }
  if (octets.empty()) return;
  if (role_ != PartRole::content) {
    const Anomaly text =
        role_ == PartRole::preamble ? Anomaly::preamble_text : Anomaly::epilogue_text;
    if (!entity_.anomalies.has(text) && !std::ranges::all_of(octets, is_white)) note(text);
  }
  check_lines(octets);
  sink_->leaf(octets);
}

// Looks for a line end from behind in every 1,000 octets, so that most are never looked at.
void Walker::check_lines(ByteView octets) noexcept {
  if (entity_.anomalies.has(Anomaly::line_too_long)) return;
  while (!octets.empty()) {
    const std::size_t allowed = kLineOctets - line_octets_;
    const ByteView window = octets.first(std::min(octets.size(), allowed));
    const void* newline = memrchr(window.data(), '\n', window.size());
    if (newline == nullptr) {
      line_octets_ += static_cast<std::uint32_t>(window.size());
      if (line_octets_ == kLineOctets) note(Anomaly::line_too_long);
      return;
    }
    line_octets_ = 0;
    octets = octets.subspan(
        static_cast<std::size_t>(static_cast<const std::uint8_t*>(newline) - octets.data()) + 1);
  }
}

// Tells runs of whole lines up to the next delimiter. What may be one, with the line end before it,
// is held when the chunk ends too early.
void Walker::feed_body(ByteView& in) noexcept {
  if (boundaries_.empty()) {
    tell_leaf(in);
    in = {};
    return;
  }
  std::size_t at = 0;  // of the line
  for (;;) {
    if (!line_judged_) {
      const ByteView judged = judged_part(in.subspan(at));
      const bool may_delimit = judged.empty() || judged.front() == '-';
      if (may_delimit && !is_decided(judged)) {
        tell_to(in, at);
        std::ranges::copy(in.subspan(at), hold_.begin() + held_);
        held_ = static_cast<std::uint16_t>(held_ + in.size() - at);
        in = {};
        return;
      }
      if (may_delimit && boundaries_.find(as_text(judged))) {
        tell_to(in, at);
        take_delimiter(judged);
        in = in.subspan(at + judged.size());
        return;
      }
      if (may_delimit && boundaries_.resembles(as_text(judged))) note(Anomaly::delimiter_lookalike);
      line_judged_ = true;
    }
    at += find(kDashedLine, in.subspan(at)) + 1;
    if (at > in.size() && in.back() != '\n') break;
    at = std::min(at, in.size());
    line_judged_ = false;
  }
  tell_to(in, in.size());
  in = {};
}

// Tells the octets before `end`, but for a line end (or what may become one) at their end: that is
// held.
void Walker::tell_to(ByteView in, std::size_t end) noexcept {
  in = in.first(end);
  std::size_t line_end = line_end_size(in);
  if (line_judged_ && !in.empty() && in.back() == '\r') line_end = 1;
  tell_leaf(in.first(end - line_end));
  std::memmove(hold_.data(), in.data() + (end - line_end), line_end);
  held_ = held_line_end_ = static_cast<std::uint16_t>(line_end);
}

void Walker::tell_held() noexcept {
  tell_leaf({hold_.data(), held_});
  held_ = held_line_end_ = 0;
}

// Completes the held line end and line as far as is needed to decide.
void Walker::feed_held(ByteView& in) noexcept {
  if (line_judged_) {  // a CR that may be the first half of a line end
    if (in.front() != '\n') {
      tell_held();
      return;
    }
    hold_[held_++] = '\n';
    held_line_end_ = held_;
    line_judged_ = false;
    in = in.subspan(1);
    return;
  }
  const std::size_t before = held_ - held_line_end_;
  if (before == 0 && in.front() != '-') {
    tell_held();
    line_judged_ = true;
    return;
  }
  const ByteView window = in.first(std::min(in.size(), kDelimiterBytes - before));
  const ByteView taken = window.first(std::min(find_byte(window, '\n') + 1, window.size()));
  std::ranges::copy(taken, hold_.begin() + held_);
  held_ = static_cast<std::uint16_t>(held_ + taken.size());
  in = in.subspan(taken.size());
  const ByteView line = ByteView(hold_).subspan(held_line_end_, before + taken.size());
  if (!is_decided(line) || take_delimiter(line)) return;
  if (boundaries_.resembles(as_text(line))) note(Anomaly::delimiter_lookalike);
  const ByteView all{hold_.data(), held_};
  line_judged_ = line.back() != '\n';
  tell_to(all, all.size());
}

// When `line` is a delimiter: ends the leaf, without the held line end, and begins what follows.
bool Walker::take_delimiter(ByteView line) noexcept {
  const auto delimiter = boundaries_.find(as_text(line));
  if (!delimiter) return false;
  held_ = held_line_end_ = 0;
  if (role_ == PartRole::preamble && !delimiter->close && boundaries_.is_innermost(*delimiter))
    tell({preamble_.data(), std::exchange(preamble_octets_, 0)});
  end_leaf();
  anomalies_.add(boundaries_.apply(*delimiter));
  skip_line_ = line.back() != '\n';
  depth_ = delimiter->depth - (delimiter->close ? 1 : 0);
  section_at_ = kNowhere;
  if (delimiter->close) {
    begin_plain_leaf(PartRole::epilogue);
  } else if (++parts_ > limits_.parts_max) {
    boundaries_.clear();  // the rest is told as one leaf
    begin_plain_leaf(PartRole::content);
    note(Anomaly::parts_limit);
  } else {
    begin_part(delimiter->digest ? MediaKind::message : MediaKind::text);
  }
  return true;
}

}  // namespace sluice::scan::mime
