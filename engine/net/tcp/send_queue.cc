#include "engine/net/tcp/send_queue.h"

#include <algorithm>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::net::tcp {

std::size_t SendQueue::append(ByteView octets, PacketPool& pool, std::uint32_t mss,
                              std::size_t reserve) noexcept {
  std::size_t taken = fill_last(octets, mss);
  while (taken < octets.size() && pool.available() > reserve) {
    PacketPtr packet(pool.allocate());
    if (!packet) break;
    packet->next = nullptr;
    packet->marks = 0;
    packet->length = packet->sequence_length = 0;
    packet->sequence = end_;
    Packet* added = packet.release();
    (last_ == nullptr ? first_ : last_->next) = added;
    last_ = added;
    if (next_ == nullptr) next_ = added;
    taken += fill_last(octets.subspan(taken), mss);
  }
  return taken;
}

// A packet that was never sent takes more octets up to the segment size.
std::size_t SendQueue::fill_last(ByteView octets, std::uint32_t mss) noexcept {
  if (last_ == nullptr || (last_->marks & kSent) != 0 || last_->sequence_length >= mss) return 0;
  const std::size_t count = std::min<std::size_t>(octets.size(), mss - last_->sequence_length);
  std::memcpy(last_->data + last_->length, octets.data(), count);
  const auto added = static_cast<std::uint32_t>(count);
  last_->length += added;
  last_->sequence_length += added;
  end_ += added;
  octets_ += added;
  return count;
}

std::int64_t SendQueue::acknowledge(Sequence una) noexcept {
  std::int64_t sent_ns = 0;
  while (first_ != nullptr && at_or_before(first_->sequence + first_->sequence_length, una)) {
    PacketPtr packet(first_);
    octets_ -= packet->sequence_length;
    if ((packet->marks & kSentTwice) == 0) sent_ns = packet->sent_ns;
    first_ = packet->next;
    if (next_ == packet.get()) next_ = first_;
  }
  if (first_ == nullptr) last_ = nullptr;
  if (first_ != nullptr && before(first_->sequence, una)) {
    const std::uint32_t part = una - first_->sequence;
    first_->sequence = una;
    first_->sequence_length -= part;
    octets_ -= part;
  }
  return sent_ns;
}

bool SendQueue::split(Packet& packet, std::uint32_t octets) noexcept {
  SLUICE_ASSERT(octets > 0 && octets < packet.sequence_length);
  PacketPtr rest(packet.pool->allocate());
  if (!rest) return false;
  const std::uint32_t length = packet.sequence_length - octets;
  std::memcpy(rest->data, payload_of(packet) + octets, length);
  rest->length = rest->sequence_length = length;
  rest->sequence = packet.sequence + octets;
  rest->marks = packet.marks;
  rest->sent_ns = packet.sent_ns;
  rest->next = packet.next;
  packet.length -= length;
  packet.sequence_length = octets;
  packet.next = rest.get();
  if (last_ == &packet) last_ = rest.get();
  rest.release();
  return true;
}

void SendQueue::clear() noexcept {
  while (first_ != nullptr) {
    PacketPtr packet(first_);
    first_ = first_->next;
  }
  last_ = next_ = nullptr;
  octets_ = 0;
}

}  // namespace sluice::net::tcp
