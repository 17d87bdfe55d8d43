#include "queueing/batch.h"

#include "engine/base/contract.h"

namespace sluice::queueing {

Batch::Batch()
    : staging_(std::make_unique_for_overwrite<std::uint8_t[]>(kStagingBytes + kFillBytes)) {
  pieces_.reserve(kPiecesMax);
  slices_.reserve(kPiecesMax);
}

void Batch::open(std::uint64_t sequence, std::uint32_t offset) noexcept {
  SLUICE_ASSERT(empty());
  sequence_ = sequence;
  offset_ = offset;
}

void Batch::clear() noexcept {
  bytes_ = 0;
  used_ = 0;
  pieces_.clear();
  slices_.clear();
}

MutableBytes Batch::stage(std::size_t octets) noexcept {
  SLUICE_ASSERT(used_ + octets <= kStagingBytes + kFillBytes && pieces_.size() < kPiecesMax);
  std::uint8_t* begin = staging_.get() + used_;
  const bool joins =
      !pieces_.empty() &&
      static_cast<std::uint8_t*>(pieces_.back().iov_base) + pieces_.back().iov_len == begin;
  if (joins) {
    pieces_.back().iov_len += octets;
  } else if (octets > 0) {
    pieces_.push_back({begin, octets});
  }
  used_ += octets;
  bytes_ += static_cast<std::uint32_t>(octets);
  return {begin, octets};
}

void Batch::refer(const BlockSlice& slice) noexcept {
  SLUICE_ASSERT(pieces_.size() < kPiecesMax);
  pieces_.push_back({slice.block.data() + slice.offset, slice.length});
  slices_.push_back(slice);
  bytes_ += slice.length;
}

}  // namespace sluice::queueing
