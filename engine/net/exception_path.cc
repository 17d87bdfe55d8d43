#include "engine/net/exception_path.h"

#include <cstring>

namespace sluice::net {
namespace {

constexpr std::size_t kBurst = 32;        // frames
constexpr std::size_t kPerPollMax = 128;  // frames; the rest waits in the device

}  // namespace

void ExceptionPath::give(PacketPtr frame) noexcept {
  if (!enabled()) return;
  frame->flags = 0;
  queue_->frames.push(std::move(frame));
}

void ExceptionPath::give_copy(const Packet& frame) noexcept {
  if (!enabled()) return;
  PacketPtr copy(kernel_->pool().allocate());
  if (!copy || copy->room < frame.length) return;
  std::memcpy(copy->data, frame.data, frame.length);
  copy->length = frame.length;
  queue_->frames.push(std::move(copy));
}

std::size_t ExceptionPath::poll() noexcept {
  if (!enabled()) return 0;
  std::array<Packet*, kBurst> burst;
  std::size_t received = 0;
  while (received < kPerPollMax && wire_.has_room()) {
    const std::size_t count = kernel_->receive(burst);
    for (std::size_t i = 0; i < count; ++i) {
      PacketPtr frame(burst[i]);
      if ((frame->flags & kRxCopy) != 0) continue;  // another worker sends the original
      frame->flags = 0;
      wire_.push(std::move(frame));
    }
    received += count;
    if (count < burst.size()) break;
  }
  taken_ += received;
  return received;
}

void ExceptionPath::flush() noexcept {
  if (enabled()) queue_->frames.flush();
}

}  // namespace sluice::net
