// Gathers small runs of octets for one stream, so that Hyperscan is called for long ones only.
#pragma once

#include <array>
#include <cstring>

#include "scanners/hyperscan/stream.h"

namespace sluice::scan {

class Gatherer {
 public:
  // Where the octets go. The streams outlive the flush.
  struct Target {
    hyperscan::Stream& stream;
    const hyperscan::Scratch& scratch;
    hyperscan::MatchSet& matches;
    void scan(ByteView octets) const noexcept { stream.scan(octets, scratch, matches); }
  };

  void add(ByteView octets, const Target& target) noexcept {
    if (octets.size() > stage_.size() - used_ || octets.size() >= kGatherBelow) flush(target);
    if (octets.size() >= kGatherBelow) {
      target.scan(octets);  // where it lies, without a copy
      return;
    }
    if (!octets.empty()) std::memcpy(stage_.data() + used_, octets.data(), octets.size());
    used_ += octets.size();
  }

  void flush(const Target& target) noexcept {
    if (used_ > 0) target.scan({stage_.data(), used_});
    used_ = 0;
  }

 private:
  static constexpr std::size_t kGatherBelow = 512;
  std::array<std::uint8_t, 4'096> stage_;
  std::size_t used_ = 0;
};

}  // namespace sluice::scan
