#include "engine/net/tcp/delivery_rate.h"

#include <algorithm>
#include <utility>

#include "engine/net/tcp/send_marks.h"

namespace sluice::net::tcp {
namespace {

std::uint32_t micro(Instant t) noexcept { return static_cast<std::uint32_t>(t.ns / 1'000); }

Duration since(std::uint32_t earlier_us, Instant t) noexcept {
  return microseconds(micro(t) - earlier_us);
}

}  // namespace

void DeliveryRate::on_sent(Packet& packet, std::uint32_t in_flight, Instant now) noexcept {
  if (in_flight == 0) first_sent_ = delivered_at_ = now;
  packet.departure.delivered = delivered_;
  packet.departure.lost = lost_;
  packet.departure.delivered_us = micro(delivered_at_);
  packet.departure.first_sent_us = micro(first_sent_);
  packet.departure.in_flight = in_flight + packet.sequence_length;
  if (app_limited_) {
    packet.marks |= kAppLimited;
  } else {
    packet.marks &= static_cast<std::uint16_t>(~kAppLimited);
  }
}

void DeliveryRate::on_part_delivered(std::uint32_t octets, Instant now) noexcept {
  delivered_ += octets;
  delivered_at_ = now;
}

void DeliveryRate::on_delivered(Packet& packet, Instant now) noexcept {
  if (packet.departure.in_flight == 0) return;  // it was SACKed before
  on_part_delivered(packet.sequence_length, now);
  const std::uint32_t in_flight = std::exchange(packet.departure.in_flight, 0);
  const Sequence end = packet.sequence + packet.sequence_length;
  const bool newest = packet.sent_ns > first_sent_.ns ||
                      (packet.sent_ns == first_sent_.ns && after(end, newest_end_));
  if (sample_.has_data && !newest) return;
  const Instant sent{packet.sent_ns};
  sample_.has_data = true;
  sample_.prior_delivered = packet.departure.delivered;
  sample_.in_flight = in_flight;
  sample_.lost = lost_ - packet.departure.lost;
  sample_.app_limited = (packet.marks & kAppLimited) != 0;
  send_elapsed_ = since(packet.departure.first_sent_us, sent);
  ack_elapsed_ = since(packet.departure.delivered_us, now);
  newest_end_ = end;
  first_sent_ = sent;
}

DeliveryRate::Sample DeliveryRate::finish(Duration min_rtt) noexcept {
  if (app_limited_ && after(delivered_, app_limited_until_)) app_limited_ = false;
  Sample sample = sample_;
  sample_ = {};
  if (!sample.has_data) return sample;
  sample.delivered = delivered_ - sample.prior_delivered;
  // The longer of the two, for ACKs may come compressed. Below the smallest round trip it is of a
  // needless retransmission.
  const Duration interval = std::max(send_elapsed_, ack_elapsed_);
  if (interval.ns > 0 && interval >= min_rtt)
    sample.rate = sample.delivered * 1e9 / static_cast<double>(interval.ns);
  return sample;
}

}  // namespace sluice::net::tcp
