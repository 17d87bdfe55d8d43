// RTF: objects in hexadecimal digits, and templates from elsewhere.
#include <string>
#include <vector>

#include "scanners/attachment/unpacker.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kObjectsMax = 1'000;
constexpr int kParameterDigits = 10;  // of 32 bits

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A control word with its parameter and the blank behind it, or a control symbol (RTF 1.9.1,
// "Conventions of an RTF Reader").
struct Control {
  std::string_view word;  // or the symbol
  std::size_t parameter = 0;
  std::size_t end = 0;
};

// `at` is behind the backslash.
Control control_at(std::string_view text, std::size_t at) {
  const auto next = [&] { return at < text.size() ? ascii_lower(text[at]) : '\0'; };
  const std::size_t begin = at;
  while (next() >= 'a' && next() <= 'z') ++at;
  if (at == begin) {
    const std::size_t size = text.substr(at).starts_with('\'') ? 3 : 1;  // \'hh
    return {text.substr(at, 1), 0, std::min(at + size, text.size())};
  }
  Control control{text.substr(begin, at - begin), 0, 0};
  if (next() == '-') ++at;
  for (int digits = 0; digits < kParameterDigits && next() >= '0' && next() <= '9'; ++digits)
    control.parameter = control.parameter * 10 + static_cast<std::size_t>(text[at++] - '0');
  if (next() == ' ') ++at;
  control.end = at;
  return control;
}

// Reads the digits of an object up to the end of its group. What is in a group within it that
// begins with \* is skipped, and so are control words, except that \bin brings octets as they are.
class ObjectReader {
 public:
  explicit ObjectReader(std::string_view text) : text_(text) {}

  std::vector<std::uint8_t> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '{') {
        ++depth_;
      } else if (c == '}') {
        if (depth_ == 0) break;
        if (depth_-- == skipped_) skipped_ = 0;
      } else if (c == '\\') {
        take_control();
      } else if (skipped_ == 0) {
        take_digit(digit(c));
      }
    }
    return std::move(octets_);
  }

 private:
  void take_control() {
    const Control control = control_at(text_, at_);
    at_ = control.end;
    if (control.word == "*" && skipped_ == 0) skipped_ = depth_;
    if (control.word != "bin") return;
    const ByteView raw = as_bytes(text_.substr(at_, control.parameter));
    at_ += raw.size();
    if (skipped_ == 0) octets_.insert(octets_.end(), raw.begin(), raw.end());
  }
  void take_digit(int value) {
    if (value < 0) return;
    if (high_ >= 0) octets_.push_back(static_cast<std::uint8_t>(high_ * 16 + value));
    high_ = high_ >= 0 ? -1 : value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;    // of groups within the object's
  std::size_t skipped_ = 0;  // depth of the group that is skipped; 0: none
  int high_ = -1;            // the first digit of an octet; -1: none
  std::vector<std::uint8_t> octets_;
};

// What is in an OLE 1 object begins somewhere behind its names (MS-OLEDS 2.2.5).
void open_object(ByteView object, Unpacker& unpacker) {
  const std::string_view text = as_text(object);
  for (const std::string_view magic :
       {std::string_view("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), std::string_view("MZ\x90")})
    if (const std::size_t at = text.find(magic); at != text.npos) {
      if (unpacker.may_open()) unpacker.file({}, {}, object.subspan(at));
      return;
    }
}

}  // namespace

void open_rtf(ByteView file, Unpacker& unpacker) {
  constexpr std::string_view kData = "\\objdata";
  const std::string_view text = as_text(file);
  if (text.find("\\*\\template http") != text.npos) unpacker.note(Finding::remote_template);
  std::size_t objects = 0;
  for (std::size_t at = text.find(kData); at != text.npos; at = text.find(kData, at)) {
    unpacker.note(Finding::ole_package);
    if (++objects > kObjectsMax || unpacker.over()) return;
    at = control_at(text, at + 1).end;
    const std::vector<std::uint8_t> octets = ObjectReader(text.substr(at)).read();
    if (!unpacker.spend(octets.size())) return;
    open_object(octets, unpacker);
  }
}

}  // namespace sluice::scan::attachment
