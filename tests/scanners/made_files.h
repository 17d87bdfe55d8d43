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

inline std::string little(std::uint64_t value, std::size_t octets) {
  std::string out;
  for (std::size_t i = 0; i < octets; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
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
