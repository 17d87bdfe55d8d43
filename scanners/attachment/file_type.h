// What a file is by its first octets, whatever it is called: a small table of signatures of the
// types that rules and evidence speak of.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::scan::attachment {

enum class FileType : std::uint8_t {
  unknown,
  // What runs
  pe,   // Windows: EXE, DLL, SCR, SYS
  dos,  // MZ without a PE header
  elf,
  mach_o,
  java_class,
  dex,       // Android
  script,    // "#!"
  shortcut,  // LNK
  batch,     // "@echo off"
  help,      // CHM
  web_assembly,
  eicar,  // the anti-virus test file
  // Documents that can carry programs
  ole,  // OLE2: old Office, MSI, MSG
  pdf,
  rtf,
  one_note,
  flash,
  html,
  xml,
  // Archives
  zip,
  gzip,
  bzip2,
  xz,
  zstd,
  lz4,
  compress,  // .Z
  seven_zip,
  rar,
  tar,
  cab,
  arj,
  lha,
  ace,
  cpio,
  ar,
  rpm,
  tnef,
  // Disk images
  iso,
  vhd,
  vhdx,
  vmdk,
  // Pictures
  png,
  jpeg,
  gif,
  bmp,
  tiff,
  webp,
  icon,
  heif,
  // Sound and film
  riff,
  mp3,
  mp4,
  ogg,
  flac,
  matroska,
  count_,
};

inline constexpr std::size_t kSniffBytes = 512;  // of a file, that sniff() looks at

using TypeSet = std::uint64_t;
static_assert(static_cast<std::size_t>(FileType::count_) <= 64);

constexpr TypeSet bit(FileType type) noexcept { return TypeSet{1} << static_cast<unsigned>(type); }
constexpr TypeSet types(std::initializer_list<FileType> list) noexcept {
  TypeSet set = 0;
  for (const FileType type : list) set |= bit(type);
  return set;
}
// From `first` to `last` as they stand above.
constexpr TypeSet range(FileType first, FileType last) noexcept {
  return (bit(last) | (bit(last) - 1)) & ~(bit(first) - 1);
}

inline constexpr TypeSet kPrograms = range(FileType::pe, FileType::web_assembly);
inline constexpr TypeSet kDocuments = range(FileType::ole, FileType::xml);
inline constexpr TypeSet kArchives = range(FileType::zip, FileType::tnef);
inline constexpr TypeSet kDiskImages = range(FileType::iso, FileType::vmdk);
inline constexpr TypeSet kPictures = range(FileType::png, FileType::heif);
inline constexpr TypeSet kMedia = range(FileType::riff, FileType::matroska);

constexpr bool has(TypeSet set, FileType type) noexcept { return (set & bit(type)) != 0; }

// `head` are the first octets of a file, kSniffBytes of them or all.
FileType sniff(ByteView head) noexcept;

std::string_view name_of(FileType type) noexcept;  // "pe"
// Of "pe", or of a group: "program", "document", "archive", "disk-image", "picture", "media".
std::optional<TypeSet> types_named(std::string_view name) noexcept;

}  // namespace sluice::scan::attachment
