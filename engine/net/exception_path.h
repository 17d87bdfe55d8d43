// What arrives on a port and is not ours goes to the kernel through a second port, and what the
// kernel sends goes out as it is: an appliance with one network card keeps its management access.
#pragma once

#include <memory>

#include "engine/net/tx_queue.h"

namespace sluice::net {

class ExceptionPath {
 public:
  // `kernel` may be nullptr: then nothing is given away. It and `wire` outlive the path.
  ExceptionPath(Port* kernel, TxQueue& wire) : kernel_(kernel), wire_(wire) {
    if (kernel != nullptr) queue_ = std::make_unique<Queue>(*kernel);
  }

  bool enabled() const noexcept { return kernel_ != nullptr; }
  // A whole frame, from its link header.
  void give(PacketPtr frame) noexcept;
  // What concerns both sides: neighbours.
  void give_copy(const Packet& frame) noexcept;

  std::size_t poll() noexcept;  // takes in what the kernel sends; returns how many frames
  void flush() noexcept;

  std::uint64_t given() const noexcept { return queue_ ? queue_->counters.packets_out : 0; }
  std::uint64_t taken() const noexcept { return taken_; }

 private:
  struct Queue {
    explicit Queue(Port& port) : frames(port, counters) {}
    StackCounters counters;
    TxQueue frames;
  };

  Port* kernel_;
  TxQueue& wire_;
  std::unique_ptr<Queue> queue_;
  std::uint64_t taken_ = 0;
};

}  // namespace sluice::net
