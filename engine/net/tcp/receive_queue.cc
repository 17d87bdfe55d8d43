#include "engine/net/tcp/receive_queue.h"

#include <algorithm>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::net::tcp {
namespace {

Sequence end_of(const Packet& packet) noexcept { return packet.sequence + packet.length; }

void free_all(Packet* list) noexcept {
  while (list != nullptr) {
    PacketPtr packet(list);
    list = list->next;
  }
}

}  // namespace

void ReceiveQueue::consume(std::size_t count) noexcept {
  if (count == 0) return;
  SLUICE_ASSERT(first_ != nullptr && count <= first_->length);
  octets_ -= static_cast<std::uint32_t>(count);
  first_->trim_front(static_cast<std::uint32_t>(count));
  if (first_->length > 0) return;
  PacketPtr done(first_);
  first_ = first_->next;
  if (first_ == nullptr) last_ = nullptr;
}

std::size_t ReceiveQueue::copy(std::span<std::uint8_t> out) const noexcept {
  std::size_t copied = 0;
  for (const Packet* at = first_; at != nullptr && copied < out.size(); at = at->next) {
    const std::size_t step = std::min<std::size_t>(at->length, out.size() - copied);
    std::memcpy(out.data() + copied, at->data, step);
    copied += step;
  }
  return copied;
}

void ReceiveQueue::append(PacketPtr packet) noexcept {
  const std::uint32_t length = packet->length;
  octets_ += length;
  const bool gathers =
      last_ != nullptr && length <= kGatherOctetsMax && last_->length + length <= last_->room;
  if (gathers) {
    std::memcpy(last_->data + last_->length, packet->data, length);
    last_->length += length;
    return;
  }
  packet->next = nullptr;
  Packet* taken = packet.release();
  (last_ == nullptr ? first_ : last_->next) = taken;
  last_ = taken;
}

bool ReceiveQueue::store(PacketPtr packet, std::uint32_t window) noexcept {
  if (stored_count_ >= std::max(kOutOfOrderPacketsMin, window / kOutOfOrderOctets)) return false;
  Packet* previous = nullptr;
  if (stored_last_ != nullptr && at_or_before(stored_last_->sequence, packet->sequence)) {
    previous = stored_last_;
  } else {
    for (Packet* at = stored_first_; at != nullptr && at_or_before(at->sequence, packet->sequence);
         at = at->next)
      previous = at;
  }
  if (previous != nullptr && after(end_of(*previous), packet->sequence)) {
    const std::uint32_t known = end_of(*previous) - packet->sequence;
    if (known >= packet->length) return false;
    packet->trim_front(known);
    packet->sequence += known;
  }
  Packet* next = previous == nullptr ? stored_first_ : previous->next;
  while (next != nullptr && at_or_before(end_of(*next), end_of(*packet))) {
    PacketPtr covered(next);
    next = next->next;
    --stored_count_;
  }
  if (next != nullptr && before(next->sequence, end_of(*packet)))
    packet->length = next->sequence - packet->sequence;
  packet->next = next;
  Packet* taken = packet.release();
  (previous == nullptr ? stored_first_ : previous->next) = taken;
  if (next == nullptr) stored_last_ = taken;
  ++stored_count_;
  return true;
}

Sequence ReceiveQueue::join(Sequence rcv_nxt) noexcept {
  while (stored_first_ != nullptr && at_or_before(stored_first_->sequence, rcv_nxt)) {
    PacketPtr packet(stored_first_);
    stored_first_ = stored_first_->next;
    if (stored_first_ == nullptr) stored_last_ = nullptr;
    --stored_count_;
    const std::uint32_t known = rcv_nxt - packet->sequence;
    if (known >= packet->length) continue;
    packet->trim_front(known);
    rcv_nxt += packet->length;
    append(std::move(packet));
  }
  return rcv_nxt;
}

SackBlock ReceiveQueue::overlap(SackBlock block) const noexcept {
  const SackBlock none{block.left, block.left};
  if (stored_last_ == nullptr || at_or_before(end_of(*stored_last_), block.left)) return none;
  const Packet* at = stored_first_;
  while (at_or_before(end_of(*at), block.left)) at = at->next;
  if (at_or_after(at->sequence, block.right)) return none;
  SackBlock found{std::max(at->sequence, block.left, before), end_of(*at)};
  for (at = at->next; at != nullptr && at->sequence == found.right; at = at->next)
    found.right = end_of(*at);
  found.right = std::min(found.right, block.right, before);
  return found;
}

void ReceiveQueue::clear() noexcept {
  clear_unread();
  free_all(stored_first_);
  stored_first_ = stored_last_ = nullptr;
  stored_count_ = 0;
}

void ReceiveQueue::clear_unread() noexcept {
  free_all(first_);
  first_ = last_ = nullptr;
  octets_ = 0;
}

}  // namespace sluice::net::tcp
