// A compound file (MS-CFB, "OLE2"): a small file system of sectors in one file. Reads its directory
// and single streams; broken chains end early.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace sluice::scan::attachment {

class CompoundFile {
 public:
  struct Entry {
    std::string name;  // ASCII, what is beyond it as "?"
    bool is_storage = false;
    std::uint32_t first_sector = 0;
    std::uint64_t size = 0;
    ByteView class_id;
  };

  explicit CompoundFile(ByteView file);

  bool broken() const noexcept { return broken_; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }  // [0] is the root
  // At most `most` octets of a stream.
  std::vector<std::uint8_t> read(const Entry& entry, std::size_t most) const;

 private:
  ByteView sector(std::uint32_t number) const noexcept;
  std::uint32_t next(std::uint32_t number) const noexcept;
  std::vector<std::uint8_t> chain(std::uint32_t first, std::size_t most) const;
  void read_table();
  void read_directory(std::uint32_t first);

  ByteView file_;
  std::uint32_t sector_bytes_ = 512;
  std::uint32_t mini_bytes_ = 64;
  std::uint32_t mini_below_ = 4096;           // streams shorter than this live in the mini stream
  std::vector<std::uint32_t> table_sectors_;  // where the allocation table is
  std::vector<std::uint8_t> class_ids_;       // the directory, for Entry::class_id
  std::vector<std::uint8_t> mini_table_;
  std::vector<std::uint8_t> mini_stream_;
  std::vector<Entry> entries_;
  bool broken_ = false;
};

}  // namespace sluice::scan::attachment
