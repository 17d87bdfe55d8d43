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
  return count;
}

void SendQueue::acknowledge(Sequence una, AckSample& sample) noexcept {
  while (first_ != nullptr && at_or_before(end_of(*first_), una)) {
    PacketPtr packet(first_);
    if ((packet->marks & kSacked) == 0) sample.take_acknowledged(*packet);
    sample.acknowledged += packet->sequence_length;
    leave_state(*packet);
    first_ = packet->next;
    if (next_ == packet.get()) next_ = first_;
  }
  if (first_ == nullptr) last_ = nullptr;
  if (first_ != nullptr && before(first_->sequence, una)) trim_first(una, sample);
}

// The peer took a part of a packet; the rest keeps its state.
void SendQueue::trim_first(Sequence una, AckSample& sample) noexcept {
  const std::uint32_t part = una - first_->sequence;
  const std::uint16_t state = first_->marks & (kSent | kSacked | kLost);
  if (state == (kSent | kSacked)) {
    sacked_ -= part;
  } else if (state == (kSent | kLost)) {
    lost_ -= part;
  }
  if ((state & kSacked) == 0) sample.take_part(part);
  sample.acknowledged += part;
  first_->sequence = una;
  first_->sequence_length -= part;
}

void SendQueue::mark_sent(Packet& packet, std::int64_t now_ns) noexcept {
  if (&packet == next_) {
    next_ = packet.next;
  } else {
    leave_state(packet);
    packet.marks |= kRetransmitted;
  }
  packet.marks |= kSent;
  packet.sent_ns = now_ns;
  link_flight(packet);
}

void SendQueue::mark_sacked(Packet& packet, AckSample& sample) noexcept {
  sample.take_sacked(packet);
  leave_state(packet);
  packet.marks |= kSacked;
  sacked_ += packet.sequence_length;
  ++sacked_packets_;
  extend_run(packet, packet);
}

void SendQueue::mark_lost(Packet& packet, FlightWatcher* watcher) noexcept {
  leave_state(packet);
  packet.marks |= kLost;
  lost_ += packet.sequence_length;
  if (lost_first_ == nullptr || before(packet.sequence, lost_first_->sequence))
    lost_first_ = &packet;
  if (watcher != nullptr) watcher->on_lost(packet);
}

void SendQueue::mark_timed_out(std::int64_t sent_until_ns, FlightWatcher* watcher) noexcept {
  for (Packet* packet = first_; packet != next_ && sacked_ > 0; packet = packet->next) {
    if ((packet->marks & kSacked) == 0) continue;
    mark_lost(*packet);
    // Its ACK says nothing about when it arrived, just like that of a retransmission.
    packet->marks |= kRetransmitted;
  }
  if (first_ != next_ && (first_->marks & kLost) == 0) mark_lost(*first_, watcher);
  while (flight_first_ != nullptr && flight_first_->sent_ns <= sent_until_ns)
    mark_lost(*flight_first_, watcher);
}

void SendQueue::mark_larger_lost(std::uint32_t octets) noexcept {
  for (Packet* packet = flight_first_; packet != nullptr;) {
    Packet* const following = packet->sent_after;
    if (packet->sequence_length > octets) mark_lost(*packet);
    packet = following;
  }
}

// They were sent before what is in flight now, in the order of their sequence numbers.
void SendQueue::restore_lost() noexcept {
  Packet* const flight = flight_first_;
  Packet* const flight_end = flight_last_;
  flight_first_ = flight_last_ = nullptr;
  for (Packet* packet = lost_first_; lost_ > 0; packet = packet->next) {
    if ((packet->marks & kLost) == 0) continue;
    packet->marks &= static_cast<std::uint16_t>(~kLost);
    lost_ -= packet->sequence_length;
    link_flight(*packet);
  }
  lost_first_ = nullptr;
  if (flight == nullptr) return;
  flight->sent_before = flight_last_;
  (flight_last_ == nullptr ? flight_first_ : flight_last_->sent_after) = flight;
  flight_last_ = flight_end;
}

// Takes `packet` out of its state; it then is in none.
void SendQueue::leave_state(Packet& packet) noexcept {
  if ((packet.marks & kSent) == 0) return;
  if ((packet.marks & kSacked) != 0) {
    sacked_ -= packet.sequence_length;
    --sacked_packets_;
  } else if ((packet.marks & kLost) != 0) {
    lost_ -= packet.sequence_length;
    packet.marks &= static_cast<std::uint16_t>(~kLost);
    if (lost_first_ == &packet) advance_lost();
  } else {
    unlink_flight(packet);
  }
  packet.marks &= static_cast<std::uint16_t>(~kSacked);
}

// The next lost packet; each step is paid for once per retransmission round.
void SendQueue::advance_lost() noexcept {
  if (lost_ == 0) {
    lost_first_ = nullptr;
    return;
  }
  do {
    lost_first_ = lost_first_->next;
    SLUICE_ASSERT(lost_first_ != nullptr);
  } while ((lost_first_->marks & kLost) == 0);
}

void SendQueue::link_flight(Packet& packet) noexcept {
  packet.sent_before = flight_last_;
  packet.sent_after = nullptr;
  (flight_last_ == nullptr ? flight_first_ : flight_last_->sent_after) = &packet;
  flight_last_ = &packet;
}

void SendQueue::unlink_flight(Packet& packet) noexcept {
  Packet* const before_it = packet.sent_before;
  Packet* const after_it = packet.sent_after;
  (before_it == nullptr ? flight_first_ : before_it->sent_after) = after_it;
  (after_it == nullptr ? flight_last_ : after_it->sent_before) = before_it;
  packet.sent_before = packet.sent_after = nullptr;
}

bool SendQueue::split(Packet& packet, std::uint32_t octets) noexcept {
  SLUICE_ASSERT(octets > 0 && octets < packet.sequence_length);
  SLUICE_ASSERT((packet.marks & kSacked) == 0);
  PacketPtr rest(packet.pool->allocate());
  if (!rest) return false;
  const std::uint32_t length = packet.sequence_length - octets;
  std::memcpy(rest->data, payload_of(packet) + octets, length);
  rest->length = rest->sequence_length = length;
  rest->sequence = packet.sequence + octets;
  rest->marks = packet.marks;
  rest->sent_ns = packet.sent_ns;
  rest->departure = packet.departure;
  rest->next = packet.next;
  packet.length -= length;
  packet.sequence_length = octets;
  packet.next = rest.get();
  if (last_ == &packet) last_ = rest.get();
  if ((packet.marks & (kSent | kLost)) == kSent) {  // in flight: right behind the first part
    rest->sent_before = &packet;
    rest->sent_after = packet.sent_after;
    (rest->sent_after == nullptr ? flight_last_ : rest->sent_after->sent_before) = rest.get();
    packet.sent_after = rest.get();
  }
  rest.release();
  return true;
}

void SendQueue::clear() noexcept {
  while (first_ != nullptr) {
    PacketPtr packet(first_);
    first_ = first_->next;
  }
  last_ = next_ = lost_first_ = flight_first_ = flight_last_ = nullptr;
  sacked_ = lost_ = sacked_packets_ = 0;
}

}  // namespace sluice::net::tcp
