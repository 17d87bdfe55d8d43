#include "scanners/mime/field_reader.h"

#include <algorithm>
#include <cstring>

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

bool is_white(char c) noexcept { return is_blank(c) || c == '\r' || c == '\n'; }

constexpr OctetPattern kNameEnd(OctetSet::of([](unsigned octet) {
                                  return octet <= ' ' || octet >= 0x7f || octet == ':';
                                }),
                                {}, {});

// RFC 5322 2.2 field-name, then (RFC 5322 4.5.8) white space before the colon.
bool is_field_start(std::string_view line) noexcept {
  if (line.starts_with("--")) return false;  // a delimiter, even with a colon in its boundary
  std::size_t at = find(kNameEnd, as_bytes(line));
  if (at == 0) return false;
  while (at < line.size() && is_blank(line[at])) ++at;
  return at < line.size() && line[at] == ':';
}

bool is_content_field(std::string_view line) noexcept {
  constexpr std::string_view kBegin = "content-";
  return equals_ignoring_case(line.substr(0, kBegin.size()), kBegin) && is_field_start(line);
}

bool is_mbox_line(std::string_view line) noexcept {
  return line.starts_with("From ") || line.starts_with(">From ");
}

std::string_view strip_line_end(std::string_view text) noexcept {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Controls, but for line ends (a CR at the end is perhaps that of a fold that goes on in the next
// piece), and what is beyond ASCII.
constexpr OctetPattern kStrange(OctetSet::of([](unsigned octet) {
                                  return octet >= 0x80 || (octet < ' ' && octet != '\t' &&
                                                           octet != '\r' && octet != '\n');
                                }),
                                OctetSet::of([](unsigned octet) { return octet == '\r'; }),
                                OctetSet::of([](unsigned octet) { return octet != '\n'; }));

Anomalies strange_octets(std::string_view raw) noexcept {
  const ByteView in = as_bytes(raw);
  Anomalies anomalies;
  for (std::size_t at = find(kStrange, in); at < in.size(); ++at) {
    if (in[at] >= 0x80) anomalies.add(Anomaly::header_eight_bit);
    if (in[at] >= ' ' || in[at] == '\t' || in[at] == '\n') continue;
    const bool line_end = in[at] == '\r' && (at + 1 == in.size() || in[at + 1] == '\n');
    if (!line_end) anomalies.add(Anomaly::header_control_octet);
  }
  return anomalies;
}

}  // namespace

void FieldReader::begin(bool of_part) noexcept {
  of_part_ = of_part;
  field_told_ = in_stray_ = false;
  used_ = line_begin_ = 0;
  continued_ = line_judged_ = fold_open_ = false;
  first_line_ = true;
  seen_ = 0;
  anomalies_ = {};
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
    if (ended) outcome = end_line(sink);
    if (outcome == Outcome::more && used_ == kFieldPieceBytes) outcome = fill_up(sink);
    if (outcome != Outcome::more) return outcome;
  }
  return Outcome::more;
}

FieldReader::Outcome FieldReader::end_line(FieldSink& sink) noexcept {
  if (!line_judged_) {
    if (line() == "\r\n" || line() == "\n") {
      if (in_stray_) return Outcome::stray;
      close_field(sink);
      return Outcome::blank;
    }
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
  }
  line_judged_ = false;
  line_begin_ = used_;
  return Outcome::more;
}

// The buffer is full: what is known of the field goes out as a piece.
FieldReader::Outcome FieldReader::fill_up(FieldSink& sink) noexcept {
  if (in_stray_) return judge_behind_stray();
  if (!line_judged_ && line_begin_ < used_) {
    const bool made_room = line_begin_ > 0 && !is_blank(line().front());
    if (made_room) {
      close_field(sink);
      return Outcome::more;
    }
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
    line_judged_ = used_ > 0;
  }
  // A line end may be the field's last: it is told with what follows.
  const std::size_t whole = strip_line_end({buffer_.data(), used_}).size();
  const std::size_t kept = used_ - whole;
  if (whole > 0) tell(sink, whole, false);
  std::memmove(buffer_.data(), buffer_.data() + whole, kept);
  used_ = static_cast<std::uint16_t>(kept);
  line_begin_ = line_judged_ ? 0 : used_;
  return Outcome::more;
}

// Decides what the line is by its beginning. A line of a new field is at the buffer's front
// afterwards.
FieldReader::Outcome FieldReader::judge_line(FieldSink& sink) noexcept {
  if (in_stray_) return judge_behind_stray();
  if (field_begun() && is_blank(line().front())) {
    if (std::ranges::all_of(line(), is_white)) anomalies_.add(Anomaly::blank_continuation);
    return Outcome::more;
  }
  close_field(sink);
  const bool mbox = first_line_ && is_mbox_line(line());
  first_line_ = false;
  if (mbox) {
    used_ = 0;
    return Outcome::more;
  }
  return is_field_start(line()) ? Outcome::more : judge_stray();
}

// The line is no field. In a part's header what follows decides.
FieldReader::Outcome FieldReader::judge_stray() noexcept {
  in_stray_ = of_part_ && field_told_ && used_ <= kStrayBytes && line().ends_with('\n') &&
              !line().starts_with("--");
  return in_stray_ ? Outcome::more : Outcome::stray;
}

FieldReader::Outcome FieldReader::judge_behind_stray() noexcept {
  if (is_content_field(line())) {
    anomalies_.add(Anomaly::field_without_name);
    in_stray_ = false;
    drop_before_line();
    return Outcome::more;
  }
  return judge_stray();
}

// The field is complete: tells it and moves the line being read to the front.
void FieldReader::close_field(FieldSink& sink) noexcept {
  if (field_begun()) tell(sink, line_begin_, true);
  drop_before_line();
}

void FieldReader::drop_before_line() noexcept {
  std::memmove(buffer_.data(), buffer_.data() + line_begin_, line().size());
  used_ = static_cast<std::uint16_t>(used_ - line_begin_);
  line_begin_ = 0;
}

void FieldReader::tell(FieldSink& sink, std::size_t size, bool last) noexcept {
  std::string_view text{buffer_.data(), size};
  if (last) text = strip_line_end(text);
  FieldPiece piece;
  field_told_ = true;
  piece.first = !continued_;
  piece.last = last;
  if (piece.first) {
    fold_open_ = false;
    read_ = 0;
    const std::size_t colon = std::min(text.find(':'), text.size() - 1);
    piece.name = name_of(text.substr(0, colon));
    text = text.substr(colon + 1);
    if (!last) name_.assign(piece.name);
  } else {
    piece.name = name_.view();
  }
  anomalies_.add(strange_octets(text));
  if (const std::size_t read = continued_ || !last ? read_of(text) : text.size();
      read < text.size()) {
    piece.last = false;
    if (read > 0) tell_piece(sink, piece, text.substr(0, read));
    piece.last = last;
    piece.beyond = true;
    text.remove_prefix(read);
  }
  continued_ = !last;
  tell_piece(sink, piece, text);
}

void FieldReader::tell_piece(FieldSink& sink, FieldPiece piece, std::string_view raw) noexcept {
  piece.raw = raw;
  piece.value = unfold(raw);
  sink.field(piece);
}

// How much of the next octets of a field is within kFieldReadBytes.
std::size_t FieldReader::read_of(std::string_view raw) noexcept {
  std::size_t at = 0;
  for (; at < raw.size() && read_ < kFieldReadBytes; ++at)
    read_ += raw[at] == '\r' && raw.substr(at + 1, 1) == "\n" ? 0 : 1;
  return at;
}

std::string_view FieldReader::name_of(std::string_view before_colon) noexcept {
  while (!before_colon.empty() && is_blank(before_colon.back())) {
    before_colon.remove_suffix(1);
    anomalies_.add(Anomaly::space_before_colon);
  }
  return before_colon;
}

std::string_view FieldReader::unfold(std::string_view raw) noexcept {
  if (!fold_open_ && raw.find('\n') == raw.npos) return raw;
  std::size_t size = 0;
  for (std::size_t at = 0; at < raw.size();) {
    if (fold_open_) {
      while (at < raw.size() && is_blank(raw[at])) ++at;
      fold_open_ = at == raw.size();
      continue;
    }
    const std::size_t newline = std::min(raw.find('\n', at), raw.size());
    std::size_t end = newline;
    if (newline < raw.size() && end > at && raw[end - 1] == '\r') --end;
    std::memcpy(unfolded_.data() + size, raw.data() + at, end - at);
    size += end - at;
    at = std::min(newline + 1, raw.size());
    if (newline == raw.size()) break;
    unfolded_[size++] = ' ';
    fold_open_ = true;
  }
  return {unfolded_.data(), size};
}

FieldReader::Outcome FieldReader::finish(FieldSink& sink) noexcept {
  if (!line_judged_ && !line().empty())
    if (const Outcome outcome = judge_line(sink); outcome != Outcome::more) return outcome;
  if (in_stray_) return Outcome::stray;
  line_begin_ = used_;
  if (field_begun()) tell(sink, used_, true);
  used_ = line_begin_ = 0;
  return Outcome::more;
}

}  // namespace sluice::scan::mime
