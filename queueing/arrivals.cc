#include "queueing/arrivals.h"

#include <algorithm>
#include <iterator>

namespace sluice::queueing {

Arrival* Arrivals::begin(Mid mid) noexcept {
  Arrival* const arrival = arrivals_.acquire();
  if (arrival != nullptr) arrival->mid = mid;
  return arrival;
}

bool Arrivals::append(Arrival& arrival, const BlockSlice& slice) noexcept {
  const bool fits =
      arrival.gathered + slice.length <= kChunkBytesMax && arrival.slices.size() < kSlicesMax;
  if (!fits && !flush(arrival)) return false;
  gather(arrival, slice);
  return true;
}

void Arrivals::gather(Arrival& arrival, const BlockSlice& slice) noexcept {
  arrival.gathered += slice.length;
  arrival.body_size += slice.length;
  if (!arrival.slices.empty()) {
    BlockSlice& last = arrival.slices.back();
    if (last.block.data() == slice.block.data() && last.offset + last.length == slice.offset) {
      last.length += slice.length;
      return;
    }
  }
  arrival.slices.push_back(slice);
}

bool Arrivals::flush(Arrival& arrival) noexcept {
  if (arrival.slices.empty()) return true;
  auto location = writer_.append_chunk(arrival.mid, arrival.slices);
  if (!location) {
    arrival.failed = location.error();
    return false;
  }
  table_.reference(*location);
  arrival.chunks.push_back(*location);
  if (arrival.resident.size() + arrival.slices.size() > kResidentSlicesMax ||
      !residents_.blocks_plenty())
    arrival.small = false;
  if (!arrival.small)
    arrival.resident.clear();
  else
    std::ranges::copy(arrival.slices, std::back_inserter(arrival.resident));
  arrival.slices.clear();
  arrival.gathered = 0;
  return true;
}

std::uint64_t Arrivals::share(Arrival& arrival, const Arrival& from, std::uint64_t begin,
                              std::uint64_t end) noexcept {
  if (from.small) return 0;  // few octets, which are to stay in memory
  std::uint64_t shared = 0;
  std::uint64_t at = 0;
  for (const Location& chunk : from.chunks) {
    if (at == begin + shared && at + chunk.length <= end) {
      if (shared == 0 && !flush(arrival)) return 0;
      table_.reference(chunk);
      arrival.chunks.push_back(chunk);
      shared += chunk.length;
    }
    at += chunk.length;
  }
  if (shared == 0) return 0;
  arrival.body_size += shared;
  arrival.small = false;
  arrival.resident.clear();
  return shared;
}

void Arrivals::close(Arrival& arrival) noexcept {
  for (const Location& chunk : arrival.chunks) table_.release(chunk);
  arrival.chunks.clear();
  arrival.slices.clear();
  arrival.resident.clear();
  arrival.gathered = 0;
  arrival.body_size = 0;
  arrival.failed.reset();
  arrival.small = true;
  arrivals_.release(arrival);
}

void Arrivals::fail(QueueError error, bool all) noexcept {
  arrivals_.for_each([&](Arrival& arrival) {
    if (!arrival.chunks.empty() || all) arrival.failed = error;
  });
}

}  // namespace sluice::queueing
