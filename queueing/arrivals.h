// Messages that are being received: their octets gather and leave for the log in chunks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/slab.h"
#include "queueing/residents.h"
#include "queueing/segment_table.h"
#include "queueing/segment_writer.h"
#include "queueing/shard.h"

namespace sluice::queueing {

struct Arrival {
  Mid mid = 0;
  std::uint64_t body_size = 0;
  std::optional<QueueError> failed;
  std::vector<Location> chunks;
  std::vector<BlockSlice> slices;    // of the chunk being gathered
  std::uint32_t gathered = 0;        // octets in them
  std::vector<BlockSlice> resident;  // the whole message while it is small
  bool small = true;
};

class Arrivals {
 public:
  Arrivals(std::size_t arrivals_max, SegmentWriter& writer, SegmentTable& table,
           const Residents& residents)
      : writer_(writer), table_(table), residents_(residents), arrivals_(arrivals_max) {}

  Arrival* begin(Mid mid) noexcept;  // null: no place
  Arrival* find(Handle handle) noexcept { return arrivals_.find(handle); }
  Handle handle(const Arrival& arrival) noexcept { return arrivals_.handle(arrival); }
  std::size_t size() const noexcept { return arrivals_.in_use(); }

  // False: `failed` says why.
  bool append(Arrival& arrival, const BlockSlice& slice) noexcept;
  // The gathered slices become a chunk record: its octets leave with the next write.
  bool flush(Arrival& arrival) noexcept;
  // As Shard::share().
  std::uint64_t share(Arrival& arrival, const Arrival& from, std::uint64_t begin,
                      std::uint64_t end) noexcept;
  void close(Arrival& arrival) noexcept;  // chunks that are nobody else's are free
  // Those that have chunks in the log; `all`: the others, too.
  void fail(QueueError error, bool all) noexcept;

 private:
  static constexpr std::size_t kSlicesMax = 16;         // in one chunk record
  static constexpr std::size_t kResidentSlicesMax = 8;  // of a message kept in memory

  static void gather(Arrival& arrival, const BlockSlice& slice) noexcept;

  SegmentWriter& writer_;
  SegmentTable& table_;
  const Residents& residents_;
  Slab<Arrival> arrivals_;
};

}  // namespace sluice::queueing
