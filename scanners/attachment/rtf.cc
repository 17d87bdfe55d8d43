// RTF: objects in hexadecimal digits, and templates from elsewhere.
#include <string>
#include <vector>

#include "scanners/attachment/unpacker.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kObjectsMax = 1'000;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Digits, with white space and groups between them, up to the end of the group.
std::vector<std::uint8_t> object_octets(std::string_view text, Unpacker& unpacker) {
  std::vector<std::uint8_t> octets;
  int high = -1;
  for (const char c : text) {
    if (c == '}') break;
    const int value = digit(c);
    if (value < 0) continue;
    if (high >= 0) octets.push_back(static_cast<std::uint8_t>(high * 16 + value));
    high = high >= 0 ? -1 : value;
  }
  if (!unpacker.spend(octets.size())) octets.clear();
  return octets;
}

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
    at += kData.size();
    const std::size_t end = std::min(text.find('}', at), text.size());
    open_object(object_octets(text.substr(at, end - at), unpacker), unpacker);
  }
}

}  // namespace sluice::scan::attachment
