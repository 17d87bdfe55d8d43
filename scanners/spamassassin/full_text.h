// The message as it came, for "full" rules, in windows: it is never in one place. Each window
// begins with the end of the one before, so that what a rule looks for is not cut. Windows are
// where the octets of the message demand them, whatever the chunks it came in.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/bytes.h"

namespace sluice::scan::sa {

inline constexpr std::size_t kFullWindowBytes = 16 * 1024;
inline constexpr std::size_t kFullOverlapBytes = 1024;
// What is behind them no full rule sees: as far as SpamAssassin's own client sends a message.
inline constexpr std::size_t kFullBytesMax = 512'000;

class FullText {
 public:
  void begin() noexcept {
    used_ = seen_ = 0;
    whole_ = true;
  }

  // Calls visit(window) for each window that is full and not the last.
  template <typename Visit>
  void add(ByteView octets, Visit&& visit) {
    octets = octets.first(std::min(octets.size(), kFullBytesMax - seen_));
    seen_ += octets.size();
    while (!octets.empty()) {
      if (used_ == kFullWindowBytes) {
        whole_ = false;
        visit(ByteView(window_));
        std::memmove(window_.data(), window_.data() + used_ - kFullOverlapBytes, kFullOverlapBytes);
        used_ = kFullOverlapBytes;
      }
      const std::size_t size = std::min(octets.size(), kFullWindowBytes - used_);
      std::memcpy(window_.data() + used_, octets.data(), size);
      used_ += size;
      octets = octets.subspan(size);
    }
  }
  ByteView last() const noexcept { return ByteView(window_).first(used_); }
  // So far: the window has the message's beginning, and once it has ended all of it.
  bool whole() const noexcept { return whole_; }

 private:
  std::array<std::uint8_t, kFullWindowBytes> window_;
  std::size_t used_ = 0;
  std::size_t seen_ = 0;
  bool whole_ = true;
};

}  // namespace sluice::scan::sa
