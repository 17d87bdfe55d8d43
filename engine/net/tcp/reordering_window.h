// How long RACK waits for a packet that may only be late (RFC 8985 6.2 step 4), as learned over the
// life of a connection.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/net/tcp/rtt.h"
#include "engine/net/tcp/sequence.h"

namespace sluice::net::tcp {

class ReorderingWindow {
 public:
  void note_reordering() noexcept { seen_ = true; }

  // After an ACK; `duplicate_seen`: it has a D-SACK block, so something was sent again too soon.
  // `una`, `sent_end`: SND.UNA and SND.NXT.
  void adapt(bool duplicate_seen, Sequence una, Sequence sent_end) noexcept {
    if (in_round_ && at_or_after(una, round_)) in_round_ = false;
    if (!duplicate_seen || in_round_) return;
    in_round_ = true;
    round_ = sent_end;
    if (factor_ < UINT8_MAX) ++factor_;
    persist_ = kPersist;
  }
  void leave_recovery() noexcept {
    if (persist_ > 0 && --persist_ == 0) factor_ = 1;
  }

  // `sure`: fast or timeout recovery is on, or three packets were SACKed.
  Duration length(const RttEstimator& rtt, bool sure) const noexcept {
    if (!seen_ && sure) return {};
    const std::uint64_t quarters = std::uint64_t{factor_} * rtt.min_us() / 4;
    return microseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(quarters, rtt.srtt_us)));
  }

  bool seen() const noexcept { return seen_; }

 private:
  static constexpr std::uint8_t kPersist = 16;  // recoveries

  Sequence round_ = 0;        // RACK.dsack_round: SND.NXT when D-SACK widened the window last
  std::uint8_t factor_ = 1;   // RACK.reo_wnd_mult
  std::uint8_t persist_ = 0;  // RACK.reo_wnd_persist
  bool in_round_ = false;
  bool seen_ = false;  // RACK.reordering_seen
};

}  // namespace sluice::net::tcp
