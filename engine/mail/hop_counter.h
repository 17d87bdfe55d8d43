// Counts the Received fields of a message as it arrives: too many mean a mail loop (RFC 5321 6.3).
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::mail {

class HopCounter {
 public:
  // The next octets of the message, in any chunking. Cheap once the header section has ended.
  void feed(ByteView octets) noexcept;
  std::uint32_t hops() const noexcept { return hops_; }

 private:
  bool header_ended_ = false;
  bool no_match_ = false;      // this line is no Received field
  std::uint32_t matched_ = 0;  // octets of "received:" at the start of this line
  std::uint32_t hops_ = 0;
};

}  // namespace sluice::mail
