#include "engine/net/tx_queue.h"

#include <algorithm>

namespace sluice::net {

TxQueue::~TxQueue() {
  for (; count_ > 0; --count_, first_ = (first_ + 1) % kTransmitBacklog)
    PacketPtr(ring_[first_]).reset();
}

void TxQueue::push(PacketPtr frame) noexcept {
  if (count_ == kTransmitBacklog) {
    ++counters_.dropped_no_resources;
    return;
  }
  ring_[(first_ + count_) % kTransmitBacklog] = frame.release();
  ++count_;
  if (++unflushed_ >= kTransmitBurst) flush();
}

void TxQueue::flush() noexcept {
  unflushed_ = 0;
  while (count_ > 0) {
    const std::size_t contiguous = std::min(count_, kTransmitBacklog - first_);
    const std::size_t burst = std::min(contiguous, kTransmitBurst);
    const std::size_t sent = port_.transmit({&ring_[first_], burst});
    counters_.packets_out += sent;
    first_ = (first_ + sent) % kTransmitBacklog;
    count_ -= sent;
    if (sent < burst) return;
  }
}

}  // namespace sluice::net
