// Delivery-rate samples (draft-ietf-ccwg-bbr 4.1): how fast the path delivers, from what was known
// when a packet left and what is known when it has arrived. Pure. Counts are octets modulo 2^32.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/net/packet.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class DeliveryRate {
 public:
  // What the packets that an ACK delivered tell; "RS" of the draft.
  struct Sample {
    double rate = 0;                    // octets per second; 0 = none
    std::uint32_t delivered = 0;        // since the newest of them was sent
    std::uint32_t prior_delivered = 0;  // delivered() when it was sent
    std::uint32_t in_flight = 0;        // when it was sent, itself included
    std::uint32_t lost = 0;             // since then
    bool app_limited = false;           // the sender had nothing to send for some of that time
    bool has_data = false;
  };

  // 4.1.2.2: `packet` leaves now; `in_flight` octets were under way before it.
  void on_sent(Packet& packet, std::uint32_t in_flight, Instant now) noexcept;
  // 4.1.2.3
  void on_delivered(Packet& packet, Instant now) noexcept;
  void on_part_delivered(std::uint32_t octets, Instant now) noexcept;
  void on_lost(const Packet& packet) noexcept { lost_ += packet.sequence_length; }
  // The end of an ACK; the next one begins with an empty sample. `min_rtt`: of the connection.
  Sample finish(Duration min_rtt) noexcept;

  // 4.1.2.4: all that the next round trip tells is limited by the application.
  void mark_app_limited(std::uint32_t in_flight) noexcept {
    app_limited_ = true;
    app_limited_until_ = delivered_ + in_flight;
  }
  bool app_limited() const noexcept { return app_limited_; }
  std::uint32_t delivered() const noexcept { return delivered_; }
  std::uint32_t lost() const noexcept { return lost_; }

 private:
  std::uint32_t delivered_ = 0;          // C.delivered
  std::uint32_t lost_ = 0;               // C.lost
  Instant delivered_at_{};               // C.delivered_time
  Instant first_sent_{};                 // C.first_send_time
  std::uint32_t app_limited_until_ = 0;  // C.app_limited, when app_limited_
  bool app_limited_ = false;

  Sample sample_;
  Duration send_elapsed_{};  // of the sample
  Duration ack_elapsed_{};
  Sequence newest_end_ = 0;  // RS.last_acked_packet_id
};

}  // namespace sluice::net::tcp
