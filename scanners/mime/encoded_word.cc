#include "scanners/mime/encoded_word.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/base/contract.h"
#include "scanners/mime/base64.h"
#include "scanners/mime/hex.h"
#include "scanners/mime/octet_search.h"
#include "scanners/mime/parameter.h"

namespace sluice::scan::mime {
namespace {

constexpr OctetPattern kWordBegin({}, OctetSet::of([](unsigned octet) { return octet == '='; }),
                                  OctetSet::of([](unsigned octet) { return octet == '?'; }));

struct EncodedWord {
  std::string_view charset;
  bool base64 = false;
  std::string_view text;
  std::size_t size = 0;  // of the whole word
};

class FieldDecoder {
 public:
  explicit FieldDecoder(Workspace& workspace) noexcept : workspace_(workspace) {}

  std::string_view decode(std::string_view value) noexcept {
    value_ = value;
    std::size_t at = 0;
    for (;;) {
      const std::size_t start = value.find("=?", at);
      if (start == value.npos) break;
      const auto word = parse(start);
      literal(value.substr(at, start - at), word.has_value());
      if (word)
        append(*word);
      else
        literal(value.substr(start, 2), false);
      at = start + (word ? word->size : 2);
    }
    literal(value.substr(at), false);
    flush();
    return as_text({workspace_.converted.data(), written_});
  }

 private:
  std::optional<EncodedWord> parse(std::size_t start) noexcept;
  std::size_t find_end(std::size_t from) noexcept;
  void append(const EncodedWord& word) noexcept;
  void literal(std::string_view text, bool before_word) noexcept;
  void flush() noexcept;
  void put(std::string_view text) noexcept;

  Workspace& workspace_;
  std::string_view value_;
  std::size_t end_ = 0;      // of the last "?=" looked for: the search never goes back
  std::size_t pending_ = 0;  // octets in `decoded`, not converted yet
  std::size_t written_ = 0;
  Charset charset_ = kUtf8;
  bool after_word_ = false;
};

std::size_t FieldDecoder::find_end(std::size_t from) noexcept {
  if (end_ != value_.npos && end_ < from) end_ = value_.find("?=", from);
  return end_;
}

std::optional<EncodedWord> FieldDecoder::parse(std::size_t start) noexcept {
  const std::string_view head = value_.substr(start + 2, kCharsetBytes);
  static constexpr OctetSet kCharsetEnd = octets_of("?= \t");
  const std::size_t mark = size_before(kCharsetEnd, head);
  if (mark == head.size() || mark == 0 || head[mark] != '?') return {};
  const std::size_t coding = start + 2 + mark + 1;
  if (coding + 1 >= value_.size() || value_[coding + 1] != '?') return {};
  const char kind = ascii_lower(value_[coding]);
  if (kind != 'b' && kind != 'q') return {};
  const std::size_t text = coding + 2;
  const std::size_t end = find_end(text);
  if (end == value_.npos) return {};
  EncodedWord word;
  word.charset = head.substr(0, std::min(mark, head.find('*')));
  word.base64 = kind == 'b';
  word.text = value_.substr(text, end - text);
  word.size = end + 2 - start;
  return word;
}

void FieldDecoder::append(const EncodedWord& word) noexcept {
  const Charset charset = find_charset(word.charset).value_or(kUtf8);
  if (charset != charset_) flush();
  charset_ = charset;
  after_word_ = true;
  const MutableBytes room = MutableBytes(workspace_.decoded).subspan(pending_);
  if (word.base64) {
    ByteView in = as_bytes(word.text);
    if (room.size() < 4) return;
    Base64Decoder decoder;
    const std::size_t size = decoder.decode(in, room);
    pending_ += size;
    if (room.size() - size >= 2) pending_ += decoder.finish(room.subspan(size));
    return;
  }
  for (std::size_t i = 0; i < word.text.size() && pending_ < workspace_.decoded.size(); ++i) {
    auto octet = static_cast<std::uint8_t>(word.text[i]);
    if (octet == '_') octet = ' ';
    if (octet == '=' && i + 2 < word.text.size()) {
      const int high = hex_value(static_cast<std::uint8_t>(word.text[i + 1]));
      const int low = hex_value(static_cast<std::uint8_t>(word.text[i + 2]));
      if (high >= 0 && low >= 0) {
        octet = static_cast<std::uint8_t>(high * 16 + low);
        i += 2;
      }
    }
    workspace_.decoded[pending_++] = octet;
  }
}

// Text outside encoded words; white space between two of them is no text (RFC 2047 6.2).
void FieldDecoder::literal(std::string_view text, bool before_word) noexcept {
  static constexpr OctetSet kSpace = octets_of(" \t");
  const bool space = size_within(kSpace, text) == text.size();
  if (text.empty() || (space && before_word && after_word_)) return;
  flush();
  after_word_ = false;
  put(text);
}

void FieldDecoder::put(std::string_view text) noexcept {
  SLUICE_ASSERT(text.size() <= workspace_.converted.size() - written_);
  std::memcpy(workspace_.converted.data() + written_, text.data(), text.size());
  written_ += text.size();
}

void FieldDecoder::flush() noexcept {
  if (pending_ == 0) return;
  const ByteView in{workspace_.decoded.data(), pending_};
  const std::size_t begin = written_;
  if (kind_of(charset_) == CharsetKind::utf8) {
    put(as_text(in));
  } else {
    const MutableBytes room = MutableBytes(workspace_.converted).subspan(written_);
    written_ += workspace_.charsets.convert(charset_, in, room, true).written;
  }
  pending_ = 0;
  for (std::uint8_t& octet : MutableBytes(workspace_.converted).subspan(begin, written_ - begin))
    octet = octet == '\r' || octet == '\n' || octet == 0 ? std::uint8_t{' '} : octet;
}

}  // namespace

bool may_have_words(std::string_view value) noexcept {
  return find(kWordBegin, as_bytes(value)) < value.size();
}

std::string_view decode_field(std::string_view value, Workspace& workspace) noexcept {
  SLUICE_ASSERT(value.size() <= kFieldPieceBytes);
  if (!may_have_words(value)) return value;
  return FieldDecoder(workspace).decode(value);
}

}  // namespace sluice::scan::mime
