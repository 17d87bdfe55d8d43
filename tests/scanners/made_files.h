// Archives and documents, made for tests.
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/base/contract.h"

namespace sluice::test {

using Files = std::vector<std::pair<std::string, std::string>>;  // names and contents

// "zip", "7zip", "pax", "newc", "iso9660", …; "raw" with a filter is one compressed file.
inline std::string archive_of(const char* format, const Files& files, const char* filter = nullptr,
                              const char* options = "", const char* passphrase = nullptr) {
  std::string out(16 * 1024, '\0');
  for (const auto& [name, content] : files) out.resize(out.size() + 2 * content.size() + 8 * 1024);
  out.resize(out.size() + 1024 * 1024);
  archive* writer = archive_write_new();
  SLUICE_ASSERT(archive_write_set_format_by_name(writer, format) == ARCHIVE_OK);
  if (filter != nullptr)
    SLUICE_ASSERT(archive_write_add_filter_by_name(writer, filter) == ARCHIVE_OK);
  SLUICE_ASSERT(archive_write_set_options(writer, options) >= ARCHIVE_WARN);
  if (passphrase != nullptr) archive_write_set_passphrase(writer, passphrase);
  archive_write_set_bytes_in_last_block(writer, 1);
  std::size_t used = 0;
  SLUICE_ASSERT(archive_write_open_memory(writer, out.data(), out.size(), &used) == ARCHIVE_OK);
  for (const auto& [name, content] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    SLUICE_ASSERT(archive_write_header(writer, entry) >= ARCHIVE_WARN);
    archive_write_data(writer, content.data(), content.size());
    archive_entry_free(entry);
  }
  SLUICE_ASSERT(archive_write_close(writer) == ARCHIVE_OK);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

inline std::string zip_of(const std::string& name, const std::string& content) {
  return archive_of("zip", {{name, content}});
}

inline std::string compressed(const char* filter, const std::string& content) {
  return archive_of("raw", {{"data", content}}, filter);
}

inline std::string deflated(const std::string& content) {
  std::string out(compressBound(content.size()), '\0');
  uLongf size = out.size();
  SLUICE_ASSERT(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                         reinterpret_cast<const Bytef*>(content.data()), content.size()) == Z_OK);
  out.resize(size);
  return out;
}

inline std::string eicar() {
  return R"(X5O!P%@AP[4\PZX54(P^)7CC)7}$)"
         "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
}

inline std::string little(std::uint64_t value, std::size_t octets) {
  std::string out;
  for (std::size_t i = 0; i < octets; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

// RAR 4, not compressed: libarchive writes none.
inline std::string rar_of(const std::string& name, const std::string& content) {
  const auto crc = [](const std::string& octets) {
    return crc32(0, reinterpret_cast<const Bytef*>(octets.data()),
                 static_cast<uInt>(octets.size()));
  };
  const auto block = [&](const std::string& head) { return little(crc(head), 2) + head; };
  const std::string size = little(content.size(), 4);
  return std::string("Rar!\x1a\x07\0", 7) +
         block("\x73" + little(0, 2) + little(13, 2) + little(0, 6)) +
         block("\x74" + little(0x8000, 2) + little(32 + name.size(), 2) + size + size + "\x03" +
               little(crc(content), 4) + little(0, 4) + "\x14\x30" + little(name.size(), 2) +
               little(0100644, 4) + name) +
         content + block("\x7b" + little(0x4000, 2) + little(7, 2));
}

// GNU's old form: `first`, then nothing up to `at`, where `last` is.
inline std::string sparse_tar(const std::string& first, std::uint64_t at, const std::string& last) {
  const auto octal = [](std::uint64_t value) {
    std::string digits(12, '\0');
    for (std::size_t i = 11; i > 0; --i, value /= 8)
      digits[i - 1] = static_cast<char>('0' + value % 8);
    return digits;
  };
  std::string head(512, '\0');
  head[0] = 'a';
  head.replace(124, 12, octal(first.size() + last.size()));
  head.replace(148, 8, 8, ' ');
  head.replace(156, 1, "S");
  head.replace(257, 7, "ustar  ");
  head.replace(386, 48, octal(0) + octal(first.size()) + octal(at) + octal(last.size()));
  head.replace(483, 12, octal(at + last.size()));
  std::uint64_t sum = 0;
  for (const char c : head) sum += static_cast<std::uint8_t>(c);
  head.replace(148, 7, octal(sum).substr(5));
  std::string content = first + last;
  content.resize((content.size() + 511) / 512 * 512);
  return head + content + std::string(1024, '\0');
}

// A compound file (MS-CFB) of 512-octet sectors: a name that ends in "/" is a storage. Contents are
// padded to 4096 octets, so that there is no mini stream.
inline std::string compound_of(const Files& entries) {
  constexpr std::uint32_t kEnd = 0xfffffffe;
  std::string table = little(0xfffffffd, 4);  // sector 0 is the table itself
  std::string sectors;                        // behind it
  const auto add = [&](std::string content) {
    content.resize((content.size() + 511) / 512 * 512);
    const std::size_t count = content.size() / 512;
    const std::size_t first = 1 + sectors.size() / 512;
    for (std::size_t i = 1; i <= count; ++i) table += little(i == count ? kEnd : first + i, 4);
    sectors += content;
    return first;
  };
  std::string directory;
  const auto entry = [&](const std::string& name, char kind, std::uint64_t first,
                         std::uint64_t size) {
    std::string wide;
    for (const char c : name) wide += {c, '\0'};
    const std::size_t octets = wide.size() + 2;
    wide.resize(64);
    directory += wide + little(octets, 2) + kind + std::string(49, '\0') + little(first, 4) +
                 little(size, 8);
  };
  entry("Root Entry", 5, kEnd, 0);
  for (const auto& [name, content] : entries) {
    if (name.ends_with('/')) {
      entry(name.substr(0, name.size() - 1), 1, 0, 0);
      continue;
    }
    std::string padded = content;
    padded.resize(std::max<std::size_t>(content.size(), 4096));
    entry(name, 2, add(padded), padded.size());
  }
  const std::size_t first = add(directory);
  table.resize(512, '\xff');
  std::string head = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(16, '\0') + little(0x3e, 2) +
                     little(3, 2) + little(0xfffe, 2) + little(9, 2) + little(6, 2) +
                     std::string(10, '\0') + little(1, 4) + little(first, 4) + little(0, 4) +
                     little(4096, 4) + little(kEnd, 4) + little(0, 4) + little(kEnd, 4) +
                     little(0, 4) + little(0, 4);
  head.resize(512, '\xff');
  return head + table + sectors;
}

}  // namespace sluice::test
