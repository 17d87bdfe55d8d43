// Takes out of a message's header, while it arrives, the fields that only this gateway may set: who
// sends from outside must not tell later readers what was found of his mail. These are X-Sluice-…;
// the X-Spam-… of others stay.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::mail {

class HeaderFirewall {
 public:
  static constexpr std::size_t kPendingMax = 64;  // octets; a longer name is none of ours

  struct Filtered {
    std::size_t kept = 0;     // octets at the front of `octets` that stay
    std::size_t pending = 0;  // behind them: the beginning of a line that cannot be judged yet
  };
  // The next octets, those that were pending in front of them. `last`: no more come.
  Filtered filter(MutableBytes octets, bool last) noexcept;
  // The body has begun: nothing will be taken out any more.
  bool passed() const noexcept { return passed_; }
  std::uint32_t removed() const noexcept { return removed_; }  // fields

 private:
  enum class Line : std::uint8_t { unknown, ours, theirs };
  Line judge(ByteView rest, bool last) noexcept;

  bool at_line_start_ = true;
  bool removing_ = false;  // the field that this line is of
  bool passed_ = false;
  std::uint32_t removed_ = 0;
};

}  // namespace sluice::mail
