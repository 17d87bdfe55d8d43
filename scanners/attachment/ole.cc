// Documents in compound files: Word, Excel, PowerPoint before 2007, Outlook's messages, installers,
// and the wrapping of encrypted newer ones.
#include <algorithm>
#include <array>
#include <string>

#include "scanners/attachment/compound_file.h"
#include "scanners/attachment/little_endian.h"
#include "scanners/attachment/unpacker.h"
#include "scanners/attachment/vba.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::size_t kStreamMax = 16UL * 1024 * 1024;

// BIFF records (MS-XLS 2.4): a macro sheet among the sheets, a password.
void look_at_workbook(ByteView workbook, Unpacker& unpacker) {
  constexpr std::uint32_t kBoundSheet = 0x85;
  constexpr std::uint32_t kFilePass = 0x2f;
  for (std::size_t at = 0; at + 4 <= workbook.size(); at += 4 + read_16(workbook, at + 2)) {
    const std::uint32_t kind = read_16(workbook, at);
    if (kind == kFilePass) unpacker.note(Finding::encrypted);
    if (kind == kBoundSheet && at + 10 <= workbook.size() && workbook[at + 9] == 1)
      unpacker.note(Finding::excel4_macro);
  }
}

// MS-DOC 2.5.1: fEncrypted of the FIB.
void look_at_word(ByteView document, Unpacker& unpacker) {
  if ((read_16(document, 10) & 0x0100) != 0) unpacker.note(Finding::encrypted);
}

std::string text_at(ByteView octets, std::size_t& at) {
  std::string text;
  while (at < octets.size() && octets[at] != 0) text += static_cast<char>(octets[at++]);
  ++at;
  return text;
}

// What the packager of Windows makes of a file: size, 2, label, path, 4 and 4 and path, size, file.
void open_package(ByteView package, Unpacker& unpacker) {
  unpacker.note(Finding::ole_package);
  std::size_t at = 6;
  const std::string label = text_at(package, at);
  text_at(package, at);
  at += 4;
  at += 4 + read_32(package, at);
  const ByteView content = slice(package, at + 4, read_32(package, at));
  if (unpacker.may_open() && unpacker.spend(content.size())) unpacker.file(label, {}, content);
}

// An attachment of a message that Outlook has saved (MS-OXMSG 2.2.2).
void open_attachment(const std::vector<std::uint8_t>& content, Unpacker& unpacker) {
  if (unpacker.may_open() && unpacker.spend(content.size())) unpacker.file({}, {}, content);
}

void look_at_stream(const CompoundFile& file, const CompoundFile::Entry& entry,
                    Unpacker& unpacker) {
  const auto content = [&] { return file.read(entry, kStreamMax); };
  const std::string& name = entry.name;
  if (name == "EncryptedPackage") unpacker.note(Finding::encrypted);
  if (name == "_VBA_PROJECT") unpacker.note(Finding::macro);
  if (name == "Workbook" || name == "Book") look_at_workbook(content(), unpacker);
  if (name == "WordDocument") look_at_word(content(), unpacker);
  if (name ==
      "\x01"
      "Ole10Native")
    open_package(content(), unpacker);
  if (name.starts_with("__substg1.0_37010102")) open_attachment(content(), unpacker);
}

// The CLSIDs of Windows Installer's packages, patches and transforms.
bool is_installer(ByteView class_id) {
  constexpr std::array<std::uint8_t, 15> kRest = {0x10, 0x0c, 0, 0, 0, 0, 0,   0xc0,
                                                  0,    0,    0, 0, 0, 0, 0x46};
  if (class_id.size() != 16) return false;
  const bool kind = class_id[0] == 0x82 || class_id[0] == 0x84 || class_id[0] == 0x86;
  return kind && std::ranges::equal(class_id.subspan(1), kRest);
}

}  // namespace

void open_ole(ByteView octets, Unpacker& unpacker) {
  const CompoundFile file(octets);
  if (file.broken()) {
    unpacker.note(Finding::broken);
    return;
  }
  if (is_installer(file.entries().front().class_id)) unpacker.note(Finding::program);
  bool vba = false;
  for (const CompoundFile::Entry& entry : file.entries()) {
    if (unpacker.over()) return;
    if (entry.is_storage)
      vba = vba || entry.name == "VBA" || entry.name == "_VBA_PROJECT_CUR";
    else
      look_at_stream(file, entry, unpacker);
  }
  if (!vba) return;
  unpacker.note(Finding::macro);
  for (const CompoundFile::Entry& entry : file.entries())
    if (!entry.is_storage && !unpacker.over() &&
        runs_when_opened(vba_source(file.read(entry, kStreamMax))))
      unpacker.note(Finding::macro_auto);
}

}  // namespace sluice::scan::attachment
