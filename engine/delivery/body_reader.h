// Reads the octets of one queued message in order, with one block of read-ahead: at most two blocks
// of the core's pool are held, whatever the message's size.
#pragma once

#include <array>
#include <cstdint>
#include <expected>

#include "engine/base/block.h"
#include "engine/base/bytes.h"
#include "queueing/shard.h"

namespace sluice::delivery {

class BodyReader {
 public:
  static constexpr std::uint64_t kTokens = 2;  // read tokens: `first_token` and the one after it

  void start(queueing::Shard& shard, BlockPool& blocks, Mid mid, std::uint64_t size,
             std::uint64_t first_token) noexcept;
  // Gives the blocks back; not while reading().
  void stop() noexcept;

  // Starts what reads it can; starved() afterwards when a block or the shard was short.
  void read_ahead() noexcept;
  void read_done(std::uint64_t token,
                 std::expected<std::size_t, queueing::QueueError> octets) noexcept;

  // The next octets, empty when none has been read yet. Valid until consume().
  ByteView octets() const noexcept;
  void consume(std::size_t count) noexcept;

  bool reading() const noexcept { return in_flight_ > 0; }
  bool starved() const noexcept { return starved_; }
  bool failed() const noexcept { return failed_; }
  bool finished() const noexcept { return consumed_ == size_; }

 private:
  struct Buffer {
    BlockRef block;
    std::uint32_t length = 0;  // asked for
    std::uint32_t used = 0;
    bool ready = false;
  };

  bool start_read(unsigned index) noexcept;

  queueing::Shard* shard_ = nullptr;
  BlockPool* blocks_ = nullptr;
  Mid mid_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t asked_ = 0;  // octets that reads were started for
  std::uint64_t consumed_ = 0;
  std::uint64_t first_token_ = 0;
  std::array<Buffer, 2> buffers_;
  unsigned current_ = 0;  // the buffer that holds the next octets
  unsigned in_flight_ = 0;
  bool starved_ = false;
  bool failed_ = false;
};

}  // namespace sluice::delivery
