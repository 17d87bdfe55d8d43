#include "scanners/attachment/file_type.h"

#include <algorithm>

namespace sluice::scan::attachment {
namespace {

using enum FileType;
using namespace std::literals;

struct Signature {
  std::size_t offset;
  std::string_view octets;
  FileType type;
};

// The first that fits counts.
constexpr Signature kSignatures[] = {
    {0, "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"sv, eicar},
    {0,
     "\x7f"
     "ELF"sv,
     elf},
    {0, "\xfe\xed\xfa\xce"sv, mach_o},
    {0, "\xfe\xed\xfa\xcf"sv, mach_o},
    {0, "\xce\xfa\xed\xfe"sv, mach_o},
    {0, "\xcf\xfa\xed\xfe"sv, mach_o},
    {0, "dex\n03"sv, dex},
    {0, "\0asm"sv, web_assembly},
    {0, "L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"sv, shortcut},
    {0, "ITSF\x03\0\0\0"sv, help},
    {0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, ole},
    {0, "{\\rt"sv, rtf},
    {0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"sv, one_note},
    {0, "FWS"sv, flash},
    {0, "CWS"sv, flash},
    {0, "ZWS"sv, flash},
    {0, "PK\x03\x04"sv, zip},
    {0, "PK\x05\x06"sv, zip},
    {0, "PK\x07\x08"sv, zip},
    {0, "\x1f\x8b"sv, gzip},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     xz},
    {0, "\x28\xb5\x2f\xfd"sv, zstd},
    {0, "\x04\x22\x4d\x18"sv, lz4},
    {0, "\x1f\x9d"sv, compress},
    {0, "7z\xbc\xaf\x27\x1c"sv, seven_zip},
    {0, "Rar!\x1a\x07"sv, rar},
    {0, "MSCF\0\0\0\0"sv, cab},
    {0, "\x60\xea"sv, arj},
    {2, "-lh"sv, lha},
    {2, "-lz"sv, lha},
    {7, "**ACE**"sv, ace},
    {0, "070701"sv, cpio},
    {0, "070702"sv, cpio},
    {0, "070707"sv, cpio},
    {0, "!<arch>\n"sv, ar},
    {0, "\xed\xab\xee\xdb"sv, rpm},
    {257, "ustar"sv, tar},
    {0, "\x78\x9f\x3e\x22"sv, tnef},
    {0, "conectix"sv, vhd},
    {0, "vhdxfile"sv, vhdx},
    {0, "KDMV"sv, vmdk},
    {0, "\x89PNG\r\n\x1a\n"sv, png},
    {0, "\xff\xd8\xff"sv, jpeg},
    {0, "GIF87a"sv, gif},
    {0, "GIF89a"sv, gif},
    {0, "II*\0"sv, tiff},
    {0, "MM\0*"sv, tiff},
    {0, "\0\0\x01\0"sv, icon},
    {0, "ID3"sv, mp3},
    {0, "\xff\xfb"sv, mp3},
    {0, "\xff\xf3"sv, mp3},
    {0, "OggS"sv, ogg},
    {0, "fLaC"sv, flac},
    {0, "\x1a\x45\xdf\xa3"sv, matroska},
    {4, "ftyphei"sv, heif},
    {4, "ftypmif"sv, heif},
    {4, "ftyp"sv, mp4},
};

constexpr std::string_view kNames[] = {
    "unknown",  "pe",    "dos",      "elf",          "mach-o", "java-class", "dex",   "script",
    "shortcut", "batch", "help",     "web-assembly", "eicar",  "ole",        "pdf",   "rtf",
    "one-note", "flash", "html",     "xml",          "zip",    "gzip",       "bzip2", "xz",
    "zstd",     "lz4",   "compress", "seven-zip",    "rar",    "tar",        "cab",   "arj",
    "lha",      "ace",   "cpio",     "ar",           "rpm",    "tnef",       "iso",   "vhd",
    "vhdx",     "vmdk",  "png",      "jpeg",         "gif",    "bmp",        "tiff",  "webp",
    "icon",     "heif",  "riff",     "mp3",          "mp4",    "ogg",        "flac",  "matroska"};
static_assert(std::size(kNames) == static_cast<std::size_t>(FileType::count_));

struct Group {
  std::string_view name;
  TypeSet types;
};
constexpr Group kGroups[] = {{"program", kPrograms}, {"document", kDocuments},
                             {"archive", kArchives}, {"disk-image", kDiskImages},
                             {"picture", kPictures}, {"media", kMedia}};

std::uint32_t little_32(std::string_view head, std::size_t at) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i > 0; --i)
    value = value << 8 | static_cast<std::uint8_t>(head[at + i - 1]);
  return value;
}

// "MZ" begins words as well: the offset of the PE header, behind it, tells programs from text.
FileType sniff_mz(std::string_view head) noexcept {
  if (head.size() < 64) return head.find('\0') != head.npos ? dos : unknown;
  const std::size_t at = little_32(head, 60);
  if (at + 4 <= head.size()) return head.substr(at, 4) == "PE\0\0"sv ? pe : dos;
  return at < 0x1000'0000 ? pe : head.find('\0') != head.npos ? dos : unknown;
}

// 0xcafebabe begins both; the fat binary counts its architectures there, Java its version.
FileType sniff_cafe_babe(std::string_view head) noexcept {
  return head.size() >= 8 && head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] < 30
             ? mach_o
             : java_class;
}

bool begins(std::string_view text, std::string_view with) noexcept {
  return text.size() >= with.size() && equals_ignoring_case(text.substr(0, with.size()), with);
}

// Formats of text, behind a byte order mark and white space.
FileType sniff_text(std::string_view head) noexcept {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (head.starts_with("#!")) return script;
  if (begins(head, "@echo ")) return batch;
  if (begins(head, "<?xml")) return xml;
  for (const std::string_view tag :
       {"<!doctype html", "<html", "<head", "<body", "<script", "<hta:"})
    if (begins(head, tag)) return html;
  return unknown;
}

// Three letters that begin sentences as well are a signature in front of binary octets only.
constexpr TypeSet kWeak = types({flash, mp3, lha, arj});

bool binary(std::string_view head) noexcept {
  return std::ranges::any_of(head, [](char c) { return static_cast<std::uint8_t>(c) < '\t'; });
}

FileType sniff_riff(std::string_view head) noexcept {
  return head.substr(std::min<std::size_t>(head.size(), 8)).starts_with("WEBP") ? webp : riff;
}

}  // namespace

FileType sniff(ByteView octets) noexcept {
  const std::string_view head = as_text(octets);
  if (head.starts_with("MZ")) return sniff_mz(head);
  if (head.starts_with("\xca\xfe\xba\xbe")) return sniff_cafe_babe(head);
  if (head.starts_with("RIFF")) return sniff_riff(head);
  // Block size, then the first block's magic.
  if (head.starts_with("BZh") && head.size() > 4 && head.substr(4).starts_with("1AY&SY"))
    return bzip2;
  if (head.starts_with("BM") && head.size() >= 14 && little_32(head, 6) == 0) return bmp;
  for (const Signature& signature : kSignatures)
    if (head.size() > signature.offset &&
        head.substr(signature.offset).starts_with(signature.octets) &&
        (!has(kWeak, signature.type) || binary(head)))
      return signature.type;
  // Readers look for it within the first kilobyte.
  if (head.find("%PDF-") != head.npos) return pdf;
  return sniff_text(head);
}

std::string_view name_of(FileType type) noexcept { return kNames[static_cast<std::size_t>(type)]; }

std::optional<TypeSet> types_named(std::string_view name) noexcept {
  for (const Group& group : kGroups)
    if (group.name == name) return group.types;
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (kNames[i] == name) return TypeSet{1} << i;
  return {};
}

}  // namespace sluice::scan::attachment
