#include "scanners/attachment/hidden_archive.h"

#include <algorithm>
#include <bit>

namespace sluice::scan::attachment {
namespace {

using namespace std::literals;

constexpr TypeSet kOpened = (kArchives | kDiskImages) & ~bit(FileType::tnef);
constexpr std::size_t kIsoMagicAt = 32'769;       // ECMA-119 8.4: sector 16
constexpr std::size_t kZipEndBytes = 22;          // APPNOTE 4.3.16, without the comment
constexpr std::size_t kZipCommentMax = 65'535;    // its length has two octets
constexpr std::size_t kStubBytes = 128UL * 1024;  // in front of an archive that extracts itself

bool is_iso(std::string_view file) noexcept {
  return file.size() > kIsoMagicAt + 5 && file.substr(kIsoMagicAt, 5) == "CD001";
}

// Without the comment: not every reader looks as far for what stands before it.
Archive zip_by_its_end(ByteView file) noexcept {
  const std::size_t size = std::min(file.size(), kZipEndBytes + kZipCommentMax);
  const std::string_view tail = as_text(file.last(size));
  const std::size_t at = tail.rfind("PK\x05\x06"sv);
  if (at == tail.npos || size - at < kZipEndBytes) return {};
  return {FileType::zip, file.first(file.size() - size + at + kZipEndBytes)};
}

Archive behind_a_stub(ByteView file) noexcept {
  const std::string_view head = as_text(file.first(std::min(file.size(), kStubBytes)));
  if (const std::size_t at = head.find("Rar!\x1a\x07"sv); at != head.npos)
    return {FileType::rar, file.subspan(at)};
  if (const std::size_t at = head.find("7z\xbc\xaf\x27\x1c"sv); at != head.npos)
    return {FileType::seven_zip, file.subspan(at)};
  return {};
}

}  // namespace

TypeSet archives_claimed(const FileName& name, std::string_view declared) noexcept {
  for (const TypeSet claimed :
       {name.known() != nullptr ? name.known()->types : 0, types_declared(declared)})
    if (claimed != 0 && (claimed & ~(kArchives | kDiskImages)) == 0) return claimed;
  return 0;
}

FileType first_of(TypeSet claimed) noexcept {
  return static_cast<FileType>(std::countr_zero(claimed));
}

Archive find_archive(FileType type, ByteView file, TypeSet claimed) noexcept {
  if (has(kOpened, type)) return {type, file};
  if (type != FileType::unknown && claimed == 0) return {};
  if (is_iso(as_text(file))) return {FileType::iso, file};
  const Archive zip = zip_by_its_end(file);
  return zip.type != FileType::unknown ? zip : behind_a_stub(file);
}

}  // namespace sluice::scan::attachment
