// TNEF (MS-OXTNEF), "winmail.dat": a list of attributes; the attachments' names and contents are
// among them.
#include <string>

#include "scanners/attachment/little_endian.h"
#include "scanners/attachment/unpacker.h"

namespace sluice::scan::attachment {

void open_tnef(ByteView file, Unpacker& unpacker) {
  constexpr std::uint32_t kAttachmentBegins = 0x00069002;
  constexpr std::uint32_t kTitle = 0x00018010;
  constexpr std::uint32_t kData = 0x0006800f;
  constexpr std::size_t kHead = 9;  // level, attribute, length
  std::string title;
  for (std::size_t at = 6; at + kHead <= file.size();) {
    const std::uint32_t attribute = read_32(file, at + 1);
    const std::size_t length = read_32(file, at + 5);
    const ByteView data = slice(file, at + kHead, length);
    if (data.size() < length) {
      unpacker.note(Finding::broken);
      return;
    }
    if (attribute == kAttachmentBegins) title.clear();
    if (attribute == kTitle) title = as_text(data.first(find_byte(data, 0)));
    if (attribute == kData) {
      if (!unpacker.may_open() || !unpacker.spend(length)) return;
      unpacker.file(title, {}, data);
    }
    at += kHead + length + 2;  // a checksum
  }
}

}  // namespace sluice::scan::attachment
