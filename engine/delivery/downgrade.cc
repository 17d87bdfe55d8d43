#include "engine/delivery/downgrade.h"

#include <algorithm>
#include <utility>

#include "engine/mail/utf8.h"
#include "scanners/mime/parameter.h"

namespace sluice::delivery {
namespace {

using scan::mime::MediaKind;

constexpr std::string_view kEncodingField = "Content-Transfer-Encoding";
constexpr std::string_view kNeedsSmtpUtf8 =
    "5.6.7 Message needs SMTPUTF8, which the next hop does not offer";
constexpr std::string_view kHeader =
    "5.6.3 Header has octets beyond ASCII and the next hop does not offer 8BITMIME";
constexpr std::string_view kSigned =
    "5.6.3 A signed part is 8-bit and the next hop does not offer 8BITMIME";
constexpr std::string_view kUnannounced =
    "5.6.3 A part is 8-bit without saying so and the next hop does not offer 8BITMIME";
constexpr std::string_view kBroken =
    "5.6.3 Message is 8-bit, the next hop does not offer 8BITMIME, and its structure is broken";

std::string_view without_end(std::string_view line) noexcept {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view name_of_field(std::string_view line) noexcept {
  std::string_view name = line.substr(0, line.find(':'));
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  return name;
}

std::string unfolded(std::string_view field) {
  std::string value(field.substr(std::min(field.find(':') + 1, field.size())));
  std::erase_if(value, [](char c) { return c == '\r' || c == '\n'; });
  return value;
}

}  // namespace

Downgrade::Downgrade(DowngradeNeeds needs) : needs_(needs), boundaries_(kDepthMax) {
  begin_part(MediaKind::text);
}

void Downgrade::consume(std::size_t count) noexcept {
  sent_ += count;
  if (sent_ < out_.size()) return;
  out_.clear();
  sent_ = 0;
}

void Downgrade::refuse(std::string_view fault) {
  if (fault_.empty()) fault_ = fault;
}

bool Downgrade::feed(ByteView in) {
  std::string_view text = as_text(in);
  while (!text.empty() && fault_.empty()) {
    const std::size_t room = kLineBytesMax - line_.size();
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::size_t taken = std::min(end, room);
    line_ += text.substr(0, taken);
    text.remove_prefix(taken);
    if (line_.ends_with('\n') || line_.size() == kLineBytesMax) take_piece();
  }
  return fault_.empty();
}

bool Downgrade::finish() {
  if (!line_.empty()) take_piece();
  if (!line_.empty()) take_piece();  // a CR that was kept back
  if (state_ == State::header) {
    end_field();
    const std::string_view encoding = new_encoding();
    if (!encoding.empty())
      out_ += std::string(kEncodingField) + ": " + std::string(encoding) + "\r\n";
  } else if (mode_ == Mode::quoted_printable) {
    quoted_.finish(out_);
  } else if (mode_ == Mode::base64) {
    base64_.octets(line_end_, out_);
    base64_.finish(out_);
  }
  finished_ = true;
  return fault_.empty();
}

// A line, or a piece of one that is longer. CR and LF are not parted.
void Downgrade::take_piece() {
  std::string piece = std::exchange(line_, {});
  if (piece.ends_with('\r') && piece.size() > 1) {
    piece.pop_back();
    line_ = '\r';
  }
  if (state_ == State::header)
    take_header_piece(piece);
  else
    take_body_piece(piece);
  in_line_ = !piece.ends_with('\n');
}

void Downgrade::take_header_piece(std::string_view piece) {
  if (!mail::is_ascii(piece)) return refuse(needs_.ascii_header ? kNeedsSmtpUtf8 : kHeader);
  const bool folded = piece.starts_with(' ') || piece.starts_with('\t');
  if (in_line_ || folded) return continue_field(piece);
  end_field();
  if (without_end(piece).empty()) return end_header(piece);
  if (piece.find(':') != piece.npos && !boundaries_.find(piece)) return begin_field(piece);
  // A line that is no field: the blank line is missing before it.
  if (!encoding_.empty()) return refuse(kBroken);
  while (state_ == State::header) end_header({});
  take_body_piece(piece);
}

void Downgrade::begin_field(std::string_view line) {
  const std::string_view name = name_of_field(line);
  passes_field_ =
      !equals_ignoring_case(name, "Content-Type") && !equals_ignoring_case(name, kEncodingField);
  continue_field(line);
}

void Downgrade::continue_field(std::string_view piece) {
  if (passes_field_)
    out_ += piece;
  else if (field_.size() + piece.size() <= kFieldBytesMax)
    field_ += piece;
  else
    refuse(kBroken);
}

void Downgrade::end_field() {
  passes_field_ = true;
  if (field_.empty()) return;
  const std::string field = std::exchange(field_, {});
  const std::string value = unfolded(field);
  if (equals_ignoring_case(name_of_field(field), kEncodingField)) {
    note_encoding(value);
    if (!encoding_.empty()) return;  // its place is taken by another one
  } else {
    entity_.note_field("content-type", value);
  }
  out_ += field;
}

void Downgrade::note_encoding(std::string_view value) {
  scan::mime::ParameterReader reader(value);
  std::string name(reader.token());
  std::ranges::transform(name, name.begin(), ascii_lower);
  const bool raw = name == "8bit" || name == "binary";
  encoded_ = encoded_ || (!raw && name != "7bit");
  if (raw && needs_.seven_bit) encoding_ = name;
  if (encoded_ && !encoding_.empty()) refuse(kBroken);  // which of them is it?
}

// In the place of "8bit" and "binary"; empty: the part has neither. Decides what becomes of it.
std::string_view Downgrade::new_encoding() {
  if (encoding_.empty()) return {};
  const std::string_view type = entity_.type.view();
  const bool utf8_message = type.starts_with("message/global");  // RFC 6532 3.7
  if (type.starts_with("multipart/") || (type.starts_with("message/") && !utf8_message))
    return "7bit";
  const bool text = type.starts_with("text/") || utf8_message;
  mode_ = text && encoding_ == "8bit" ? Mode::quoted_printable : Mode::base64;
  return text && encoding_ == "8bit" ? "quoted-printable" : "base64";
}

void Downgrade::end_header(std::string_view blank) {
  if (const std::string_view encoding = new_encoding(); !encoding.empty())
    out_ += std::string(kEncodingField) + ": " + std::string(encoding) + "\r\n";
  out_ += blank;
  if (entity_.type.view() == "message/rfc822" && !encoded_) return begin_part(MediaKind::text);
  state_ = State::body;
  if (entity_.kind == MediaKind::multipart) open_multipart();
}

// Of a signed one nothing may change (RFC 1847 2.1): what is in it is looked at as one.
void Downgrade::open_multipart() {
  signed_ = needs_.seven_bit && entity_.type.view() == "multipart/signed";
  if (signed_) return;
  if (open_ == kDepthMax) return refuse(kBroken);
  boundaries_.push(entity_.boundary.view(), static_cast<std::uint32_t>(open_), entity_.digest);
  ++open_;
}

void Downgrade::begin_part(MediaKind kind) {
  state_ = State::header;
  mode_ = Mode::same;
  passes_field_ = true;
  encoded_ = false;
  encoding_.clear();
  line_end_.clear();
  quoted_ = {};
  base64_ = {};
  entity_.reset(kind);
}

bool Downgrade::take_delimiter(std::string_view line) {
  const auto delimiter = boundaries_.find(line);
  if (!delimiter) return false;
  if (mode_ == Mode::base64) base64_.finish(out_);
  boundaries_.apply(*delimiter);
  open_ = delimiter->frame + (delimiter->close ? 0 : 1);
  signed_ = false;
  begin_part(delimiter->digest ? MediaKind::message : MediaKind::text);
  if (delimiter->close) state_ = State::body;  // the epilogue
  put_same(line);
  return true;
}

void Downgrade::put_same(std::string_view piece) {
  if (needs_.seven_bit && !mail::is_ascii(piece)) return refuse(signed_ ? kSigned : kUnannounced);
  out_ += piece;
}

void Downgrade::take_body_piece(std::string_view piece) {
  if (!in_line_ && take_delimiter(piece)) return;
  const bool ends = piece.ends_with('\n');
  const std::string_view octets = ends ? without_end(piece) : piece;
  switch (mode_) {
    case Mode::same: return put_same(piece);
    case Mode::quoted_printable:
      quoted_.text(octets, out_);
      if (ends) quoted_.line_end(out_);
      return;
    case Mode::base64:
      base64_.octets(line_end_, out_);
      base64_.octets(octets, out_);
      line_end_ = piece.substr(octets.size());
      return;
  }
}

}  // namespace sluice::delivery
