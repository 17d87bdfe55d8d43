#include "engine/delivery/body_reader.h"

#include <algorithm>

#include "engine/base/contract.h"

namespace sluice::delivery {

void BodyReader::start(queueing::Shard& shard, BlockPool& blocks, Mid mid, std::uint64_t size,
                       std::uint64_t first_token) noexcept {
  stop();
  shard_ = &shard;
  blocks_ = &blocks;
  mid_ = mid;
  size_ = size;
  first_token_ = first_token;
}

void BodyReader::stop() noexcept {
  SLUICE_ASSERT(in_flight_ == 0);
  for (Buffer& buffer : buffers_) buffer = {};
  size_ = asked_ = consumed_ = 0;
  current_ = 0;
  starved_ = failed_ = false;
}

void BodyReader::read_ahead() noexcept {
  starved_ = false;
  for (unsigned i = 0; i < buffers_.size() && asked_ < size_ && !failed_; ++i) {
    const unsigned index = current_ ^ i;
    if (buffers_[index].block) continue;
    if (!start_read(index)) return;
  }
}

bool BodyReader::start_read(unsigned index) noexcept {
  Buffer& buffer = buffers_[index];
  buffer.block = blocks_->acquire();
  if (!buffer.block) {
    starved_ = true;
    return false;
  }
  const auto length =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(kBlockBytes, size_ - asked_));
  if (!shard_->read(mid_, asked_, {buffer.block.data(), length}, first_token_ + index)) {
    buffer.block.reset();
    starved_ = true;
    return false;
  }
  buffer.length = length;
  asked_ += length;
  ++in_flight_;
  return true;
}

void BodyReader::read_done(std::uint64_t token,
                           std::expected<std::size_t, queueing::QueueError> octets) noexcept {
  SLUICE_ASSERT(in_flight_ > 0);
  --in_flight_;
  Buffer& buffer = buffers_[token - first_token_];
  if (!octets || *octets != buffer.length)
    failed_ = true;
  else
    buffer.ready = true;
}

ByteView BodyReader::octets() const noexcept {
  const Buffer& buffer = buffers_[current_];
  if (!buffer.ready) return {};
  return {buffer.block.data() + buffer.used, buffer.length - buffer.used};
}

void BodyReader::consume(std::size_t count) noexcept {
  Buffer& buffer = buffers_[current_];
  SLUICE_ASSERT(buffer.ready && count <= buffer.length - buffer.used);
  buffer.used += static_cast<std::uint32_t>(count);
  consumed_ += count;
  if (buffer.used < buffer.length) return;
  buffer = {};
  current_ ^= 1;
}

}  // namespace sluice::delivery
