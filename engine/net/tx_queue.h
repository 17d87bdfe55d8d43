// Frames on their way to the port, sent in bursts. What the device does not take now waits here,
// up to a limit; beyond it frames are dropped like on any full link.
#pragma once

#include <array>

#include "engine/net/port.h"
#include "engine/net/stack.h"

namespace sluice::net {

inline constexpr std::size_t kTransmitBurst = 32;      // frames
inline constexpr std::size_t kTransmitBacklog = 1024;  // frames

class TxQueue {
 public:
  TxQueue(Port& port, StackCounters& counters) : port_(port), counters_(counters) {}
  TxQueue(const TxQueue&) = delete;
  TxQueue& operator=(const TxQueue&) = delete;
  ~TxQueue();

  // TCP stops making segments while this is false; control frames still fit in the rest.
  bool has_room() const noexcept { return count_ < kTransmitBacklog / 2; }
  bool empty() const noexcept { return count_ == 0; }
  void push(PacketPtr frame) noexcept;
  void flush() noexcept;

 private:
  Port& port_;
  StackCounters& counters_;
  std::array<Packet*, kTransmitBacklog> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t unflushed_ = 0;  // pushed since the last attempt to send
};

}  // namespace sluice::net
