// Proportional rate reduction (RFC 6937): while a loss is repaired, or after a congestion mark, the
// window goes down with what arrives instead of at once. With the slow-start reduction bound.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::net::tcp {

class Prr {
 public:
  void note_sent(std::uint32_t octets) noexcept { out_ += octets; }

  struct Ack {
    std::uint32_t delivered;  // octets that the ACK delivered
    std::uint32_t pipe;       // octets in flight after it
    bool progress;            // SND.UNA moved and nothing new was found lost
  };

  // The congestion window after an ACK. `flight`: octets outstanding as the episode began.
  std::uint32_t window(const Ack& ack, std::uint32_t flight, std::uint32_t ssthresh,
                       std::uint32_t mss) noexcept {
    delivered_ += ack.delivered;
    std::int64_t send = 0;
    if (ack.pipe > ssthresh) {  // 3.1, the proportional part
      const std::uint64_t share = (std::uint64_t{delivered_} * ssthresh + flight - 1) / flight;
      send = static_cast<std::int64_t>(share) - out_;
    } else {  // the bound: conservative unless the repair goes on well
      std::int64_t limit = std::max(std::int64_t{delivered_} - out_, std::int64_t{ack.delivered});
      if (ack.progress) limit += mss;
      send = std::min<std::int64_t>(ssthresh - ack.pipe, limit);
    }
    // The first retransmission leaves at once.
    return ack.pipe + static_cast<std::uint32_t>(std::max<std::int64_t>(send, out_ == 0 ? mss : 0));
  }

 private:
  std::uint32_t delivered_ = 0;  // prr_delivered
  std::uint32_t out_ = 0;        // prr_out
};

}  // namespace sluice::net::tcp
