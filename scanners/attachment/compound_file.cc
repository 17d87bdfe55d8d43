#include "scanners/attachment/compound_file.h"

#include <algorithm>

#include "scanners/attachment/little_endian.h"

namespace sluice::scan::attachment {
namespace {

constexpr std::uint32_t kSectorMax = 0xfffffffa;  // above: free, end of chain, table (MS-CFB 2.1)
constexpr std::size_t kEntryBytes = 128;
constexpr std::size_t kEntriesMax = 16'384;
constexpr std::size_t kTableSectorsInHeader = 109;
constexpr std::size_t kMiniBytesMax = 16UL * 1024 * 1024;

std::string name_of(ByteView entry) {
  const std::size_t octets = std::min<std::size_t>(read_16(entry, 64), 64);
  std::string name;
  for (std::size_t at = 0; at + 2 < octets; at += 2) {  // without the NUL behind it
    const std::uint32_t unit = read_16(entry, at);
    name += unit < 0x7f ? static_cast<char>(unit) : '?';
  }
  return name;
}

}  // namespace

CompoundFile::CompoundFile(ByteView file) : file_(file) {
  const std::uint32_t shift = read_16(file, 30);
  const std::uint32_t mini_shift = read_16(file, 32);
  if ((shift != 9 && shift != 12) || mini_shift < 4 || mini_shift >= shift) {
    broken_ = true;
    return;
  }
  sector_bytes_ = 1U << shift;
  mini_bytes_ = 1U << mini_shift;
  mini_below_ = read_32(file, 56);
  read_table();
  read_directory(read_32(file, 48));
  if (entries_.empty()) return;
  mini_table_ = chain(read_32(file, 60), kMiniBytesMax);
  mini_stream_ = chain(entries_.front().first_sector,
                       std::min<std::uint64_t>(entries_.front().size, kMiniBytesMax));
}

ByteView CompoundFile::sector(std::uint32_t number) const noexcept {
  return slice(file_, (std::size_t{number} + 1) * sector_bytes_, sector_bytes_);
}

// The list of the table's sectors goes on in sectors of its own.
void CompoundFile::read_table() {
  for (std::size_t i = 0; i < kTableSectorsInHeader; ++i)
    if (const std::uint32_t at = read_32(file_, 76 + 4 * i); at <= kSectorMax)
      table_sectors_.push_back(at);
  std::uint32_t more = read_32(file_, 68);
  const std::size_t sectors = file_.size() / sector_bytes_;
  for (std::size_t count = 0; more <= kSectorMax && count < sectors; ++count) {
    const ByteView list = sector(more);
    for (std::size_t at = 0; at + 4 < list.size(); at += 4)
      if (read_32(list, at) <= kSectorMax) table_sectors_.push_back(read_32(list, at));
    if (list.size() < sector_bytes_ || table_sectors_.size() > sectors) break;
    more = read_32(list, sector_bytes_ - 4);
  }
}

std::uint32_t CompoundFile::next(std::uint32_t number) const noexcept {
  const std::uint32_t in_sector = sector_bytes_ / 4;
  if (number / in_sector >= table_sectors_.size()) return UINT32_MAX;
  const ByteView part = sector(table_sectors_[number / in_sector]);
  const std::size_t at = std::size_t{number % in_sector} * 4;
  return at + 4 <= part.size() ? read_32(part, at) : UINT32_MAX;
}

std::vector<std::uint8_t> CompoundFile::chain(std::uint32_t first, std::size_t most) const {
  std::vector<std::uint8_t> octets;
  const std::size_t limit = std::min(most, file_.size());  // ends circles, too
  for (std::uint32_t at = first; at <= kSectorMax && octets.size() < limit; at = next(at)) {
    const ByteView part = sector(at);
    if (part.empty()) break;
    octets.insert(octets.end(), part.begin(), part.end());
  }
  if (octets.size() > most) octets.resize(most);
  return octets;
}

void CompoundFile::read_directory(std::uint32_t first) {
  const std::vector<std::uint8_t> octets = chain(first, kEntriesMax * kEntryBytes);
  class_ids_.assign(octets.begin(), octets.end());
  for (std::size_t at = 0; at + kEntryBytes <= octets.size(); at += kEntryBytes) {
    const ByteView entry = ByteView(octets).subspan(at, kEntryBytes);
    const std::uint8_t kind = entry[66];  // 0: unused, 1: storage, 2: stream, 5: root
    if (kind == 0) continue;
    const std::uint64_t high = sector_bytes_ == 512 ? 0 : read_32(entry, 124);
    entries_.push_back({.name = name_of(entry),
                        .is_storage = kind != 2,
                        .first_sector = read_32(entry, 116),
                        .size = high << 32 | read_32(entry, 120),
                        .class_id = ByteView(class_ids_).subspan(at + 80, 16)});
  }
  broken_ = entries_.empty();
}

std::vector<std::uint8_t> CompoundFile::read(const Entry& entry, std::size_t most) const {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(entry.size, most));
  if (entry.size >= mini_below_) return chain(entry.first_sector, size);
  std::vector<std::uint8_t> octets;
  std::uint32_t at = entry.first_sector;
  while (octets.size() < size && std::size_t{at} * 4 < mini_table_.size()) {
    const ByteView part = slice(mini_stream_, std::size_t{at} * mini_bytes_, mini_bytes_);
    if (part.empty()) break;
    octets.insert(octets.end(), part.begin(), part.end());
    at = read_32(mini_table_, std::size_t{at} * 4);
  }
  if (octets.size() > size) octets.resize(size);
  return octets;
}

}  // namespace sluice::scan::attachment
