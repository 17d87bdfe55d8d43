#include "scanners/mime/parameter.h"

#include <algorithm>
#include <span>

#include "engine/base/bytes.h"
#include "scanners/mime/hex.h"
#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {
namespace {

constexpr OctetSet kSpace = octets_of(" \t\r\n");
constexpr OctetSet kSpaceOrComment = octets_of(" \t\r\n(");
constexpr OctetSet kTokenEnd = octets_of(" \t\r\n/;=(\"");

std::string_view take(std::string_view& text, std::size_t size) noexcept {
  const auto taken = text.substr(0, size);
  text.remove_prefix(taken.size());
  return taken;
}

std::string_view trim_right(std::string_view text) noexcept {
  while (!text.empty() && kSpace.has(static_cast<std::uint8_t>(text.back()))) text.remove_suffix(1);
  return text;
}

void append_unescaped(std::string_view text, BoundedText<kParameterBytes>& out) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out.append(text.substr(i, 1));
  }
}

// RFC 2231 4: "%" and two hexadecimal digits.
void append_decoded(std::string_view text, BoundedText<kParameterBytes>& out) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char octet = text[i];
    if (octet == '%' && i + 2 < text.size()) {
      const int high = hex_value(static_cast<std::uint8_t>(text[i + 1]));
      const int low = hex_value(static_cast<std::uint8_t>(text[i + 2]));
      if (high >= 0 && low >= 0) {
        octet = static_cast<char>(high * 16 + low);
        i += 2;
      }
    }
    out.append({&octet, 1});
  }
}

}  // namespace

void ParameterReader::skip_comment() noexcept {
  anomalies_.add(Anomaly::comment_in_type);
  int depth = 0;
  std::size_t at = 0;
  for (; at < rest_.size(); ++at) {
    if (rest_[at] == '\\')
      ++at;
    else if (rest_[at] == '(')
      ++depth;
    else if (rest_[at] == ')' && --depth == 0)
      break;
  }
  take(rest_, at + 1);
}

void ParameterReader::skip_space() noexcept {
  for (;;) {
    take(rest_, size_within(kSpace, rest_));
    if (!rest_.starts_with('(')) return;
    skip_comment();
  }
}

std::string_view ParameterReader::token() noexcept {
  skip_space();
  return take(rest_, size_before(kTokenEnd, rest_));
}

bool ParameterReader::accept(char c) noexcept {
  skip_space();
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool ParameterReader::at_end() noexcept {
  skip_space();
  return rest_.empty();
}

std::string_view ParameterReader::quoted() noexcept {
  rest_.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
  if (end >= rest_.size()) anomalies_.add(Anomaly::broken_parameter);
  const std::string_view value = take(rest_, end);
  take(rest_, 1);
  return value;
}

std::optional<RawParameter> ParameterReader::next() noexcept {
  for (;;) {
    skip_space();
    if (rest_.empty()) return {};
    if (accept(';')) continue;
    RawParameter parameter;
    parameter.name = token();
    if (parameter.name.empty()) {
      anomalies_.add(Anomaly::broken_parameter);  // a stray delimiter
      rest_.remove_prefix(1);
      continue;
    }
    if (!accept('=')) {
      anomalies_.add(Anomaly::broken_parameter);
      continue;
    }
    skip_space();
    parameter.quoted = rest_.starts_with('"');
    parameter.value = parameter.quoted ? quoted() : trim_right(take(rest_, rest_.find(';')));
    return parameter;
  }
}

bool is_known_parameter(std::string_view name) noexcept {
  name = name.substr(0, name.find('*'));
  return std::ranges::any_of(
      kKnownParameters, [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

// Others take no place.
ParameterSet::ParameterSet(ParameterReader& reader) noexcept {
  while (const auto raw = reader.next())
    if (is_known_parameter(raw->name)) add(piece_of(*raw));
  anomalies_.add(reader.anomalies());
}

// Of what is the same the first counts, so that repetitions take no place either.
void ParameterSet::add(const Piece& piece) noexcept {
  for (const Piece& other : std::span(pieces_).first(size_))
    if (other.index == piece.index && other.continued == piece.continued &&
        other.extended == piece.extended && equals_ignoring_case(other.base, piece.base)) {
      anomalies_.add(Anomaly::duplicate_parameter);
      return;
    }
  if (piece.continued && ++continued_ > kContinuedMax) {
    anomalies_.add(Anomaly::parameter_limit);
    return;
  }
  pieces_[size_++] = piece;
}

ParameterSet::Piece ParameterSet::piece_of(const RawParameter& raw) noexcept {
  Piece piece{raw, raw.name.substr(0, raw.name.find('*'))};
  std::string_view rest = raw.name.substr(piece.base.size());
  if (rest.ends_with('*')) {
    piece.extended = true;
    rest.remove_suffix(1);
  }
  if (rest.size() < 2) return piece;
  std::uint16_t index = 0;
  for (const char digit : rest.substr(1)) {
    if (digit < '0' || digit > '9' || index >= kContinuedMax) return piece;
    index = static_cast<std::uint16_t>(index * 10 + (digit - '0'));
  }
  piece.index = index;
  piece.continued = true;
  return piece;
}

const ParameterSet::Piece* ParameterSet::select(std::string_view name, bool continued,
                                                std::uint16_t index) noexcept {
  const Piece* found = nullptr;
  for (std::size_t i = 0; i < size_; ++i) {
    const Piece& piece = pieces_[i];
    if (piece.continued != continued || piece.index != index) continue;
    if (!equals_ignoring_case(piece.base, name)) continue;
    if (found != nullptr) anomalies_.add(Anomaly::duplicate_parameter);
    if (found == nullptr || (piece.extended && !found->extended)) found = &piece;
  }
  return found;
}

std::optional<ParameterValue> ParameterSet::find(std::string_view name, ValueEnd end) noexcept {
  const Piece* plain = select(name, false, 0);
  const Piece* first = select(name, true, 0);
  if (plain != nullptr && first != nullptr) anomalies_.add(Anomaly::duplicate_parameter);
  if (first == nullptr && select(name, true, 1) != nullptr)
    anomalies_.add(Anomaly::broken_parameter);  // a piece without those before it
  if (plain == nullptr && first == nullptr) return {};
  std::array<const Piece*, kContinuedMax> pieces{first};
  std::size_t count = 1;
  if (first == nullptr || (plain != nullptr && plain->extended))
    pieces[0] = plain;
  else
    while (count < kContinuedMax &&
           (pieces[count] = select(name, true, static_cast<std::uint16_t>(count))) != nullptr)
      ++count;
  ParameterValue value;
  std::array<std::string_view, kContinuedMax> texts;
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) {
    texts[i] = text_of(*pieces[i], end, value);
    size += texts[i].size();
  }
  std::size_t left_out = size - std::min(size, kParameterBytes);
  std::size_t kept = kParameterBytes / 2;
  for (std::size_t i = 0; i < count; ++i) {
    const auto append = pieces[i]->extended ? append_decoded : append_unescaped;
    std::string_view text = texts[i];
    if (left_out > 0) {
      const std::string_view head = take(text, kept);
      kept -= head.size();
      append(head, value.text);
      left_out -= take(text, left_out).size();
    }
    append(text, value.text);
  }
  return value;
}

std::string_view ParameterSet::text_of(const Piece& piece, ValueEnd end,
                                       ParameterValue& value) noexcept {
  std::string_view text = piece.raw.value;
  if (text.find("=?") != text.npos) anomalies_.add(Anomaly::encoded_word_parameter);
  if (!piece.raw.quoted) {
    const OctetSet& ends = end == ValueEnd::space ? kSpace : kSpaceOrComment;
    const std::string_view word = text.substr(0, size_before(ends, text));
    if (word.size() < text.size()) anomalies_.add(Anomaly::broken_parameter);
    if (end != ValueEnd::semicolon) text = word;
  }
  if (!piece.extended || piece.index > 0) return text;
  const std::size_t quote = text.find('\'');  // charset'language'text
  const std::size_t second = quote == text.npos ? quote : text.find('\'', quote + 1);
  if (second == text.npos) {
    anomalies_.add(Anomaly::broken_parameter);
    return text;
  }
  value.charset.assign(text.substr(0, quote));
  return text.substr(second + 1);
}

}  // namespace sluice::scan::mime
