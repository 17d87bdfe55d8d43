// One write in the making: a run of records at one place of one segment, as an iovec list. Records
// are laid in a staging area; message octets stay in their blocks, on which the batch keeps
// references until the write is done.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/bytes.h"
#include "queueing/format.h"

namespace sluice::queueing {

class Batch {
 public:
  static constexpr std::size_t kPiecesMax = 1024;  // IOV_MAX
  static constexpr std::size_t kStagingBytes = kPayloadBytesMax + 256 * 1024;
  static constexpr std::size_t kFillBytes = kPageBytes;  // beyond that: the rest of the last page

  Batch();
  void open(std::uint64_t sequence, std::uint32_t offset) noexcept;
  void clear() noexcept;  // gives the blocks back

  bool has_room(std::size_t staged, std::size_t pieces) const noexcept {
    return used_ + staged <= kStagingBytes && pieces_.size() + pieces < kPiecesMax;
  }
  MutableBytes stage(std::size_t octets) noexcept;
  void refer(const BlockSlice& slice) noexcept;

  bool empty() const noexcept { return bytes_ == 0; }
  std::uint64_t sequence() const noexcept { return sequence_; }
  std::uint32_t offset() const noexcept { return offset_; }
  std::uint32_t bytes() const noexcept { return bytes_; }
  std::uint32_t end() const noexcept { return offset_ + bytes_; }
  std::span<const iovec> pieces() const noexcept { return pieces_; }

 private:
  std::uint64_t sequence_ = 0;
  std::uint32_t offset_ = 0;  // in the segment
  std::uint32_t bytes_ = 0;
  std::size_t used_ = 0;  // of staging_
  std::unique_ptr<std::uint8_t[]> staging_;
  std::vector<iovec> pieces_;
  std::vector<BlockSlice> slices_;
};

}  // namespace sluice::queueing
