// Reads octets of queued messages: from memory while they are still there, otherwise whole chunk
// records from the disk, each checked against its CRC before any octet of it is handed out.
#pragma once

#include <cstdint>
#include <expected>
#include <vector>

#include "engine/base/bytes.h"
#include "queueing/fifo.h"
#include "queueing/live_index.h"
#include "queueing/log_device.h"
#include "queueing/segment_table.h"
#include "queueing/shard.h"

namespace sluice::queueing {

// A whole chunk record as it was read: its payload, or nullopt when it is not what was asked for.
std::optional<ByteView> checked_chunk(ByteView record, std::uint64_t key, std::uint32_t length);

class BodyReader {
 public:
  // `token_kind` is in the tokens given to the device; the rest of them is the reader's.
  BodyReader(std::size_t reads_max, LogDevice::Token token_kind, LogDevice& device,
             LiveIndex& index, SegmentTable& table);

  // False when as many reads are under way as may be.
  bool start(LiveMessage& live, std::uint64_t offset, MutableBytes into,
             std::uint64_t token) noexcept;
  void on_read(LogDevice::Token token, std::int64_t result) noexcept;
  bool next(Shard::ReadDone& out) noexcept;
  bool idle() const noexcept { return free_.size() == reads_.size(); }

 private:
  struct Read {
    Mid mid = 0;
    std::uint64_t offset = 0;
    MutableBytes into;
    std::size_t done = 0;
    std::uint64_t token = 0;
    Location chunk;          // being read
    std::uint32_t skip = 0;  // octets of it that come before what is wanted
    std::vector<std::uint8_t> record;
  };

  void go_on(Read& read) noexcept;
  void finish(Read& read, bool good) noexcept;
  bool take_chunk(Read& read, std::int64_t result) noexcept;

  const LogDevice::Token token_kind_;
  LogDevice& device_;
  LiveIndex& index_;
  SegmentTable& table_;
  std::vector<Read> reads_;
  std::vector<std::uint32_t> free_;
  Fifo<Shard::ReadDone> done_;
};

}  // namespace sluice::queueing
