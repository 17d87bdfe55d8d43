// HyStart++ (RFC 9406): leaves the first slow start when the round trips grow, before the queue on
// the way overflows. Pure.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class HyStart {
 public:
  // RFC 9406 4.3.
  static constexpr std::uint32_t kMinRttThreshUs = 4'000;
  static constexpr std::uint32_t kMaxRttThreshUs = 16'000;
  static constexpr std::uint32_t kMinRttDivisor = 8;
  static constexpr std::uint8_t kRttSamples = 8;
  static constexpr std::uint32_t kCssGrowthDivisor = 4;
  static constexpr std::uint8_t kCssRounds = 5;

  // An ACK in slow start brought SND.UNA to `una`; `sent_end` is SND.NXT; `rtt` of the newest
  // packet it acknowledged, 0 when it gave none. True: slow start is over.
  bool on_ack(Sequence una, Sequence sent_end, Duration rtt) noexcept;

  // What of `acked` octets counts for the window: all, or a part in conservative slow start (CSS).
  std::uint32_t counted(std::uint32_t acked) const noexcept {
    return css_rounds_ > 0 ? acked / kCssGrowthDivisor : acked;
  }
  bool conservative() const noexcept { return css_rounds_ > 0; }

 private:
  bool begin_round(Sequence sent_end) noexcept;

  Sequence window_end_ = 0;            // windowEnd: the round ends when this is acknowledged
  std::uint32_t last_round_us_ = 0;    // lastRoundMinRTT, 0 = infinity
  std::uint32_t this_round_us_ = 0;    // currentRoundMinRTT
  std::uint32_t css_baseline_us_ = 0;  // cssBaselineMinRtt
  std::uint8_t samples_ = 0;           // rttSampleCount
  std::uint8_t css_rounds_ = 0;        // rounds begun in CSS, 0 = plain slow start
  bool started_ = false;
};

}  // namespace sluice::net::tcp
