// Counts the Received fields of a message as it arrives: too many mean a mail loop (RFC 5321 6.3).
#pragma once

#include <cstdint>

#include "engine/mail/field_finder.h"

namespace sluice::mail {

class HopCounter {
 public:
  // The next octets of the message, in any chunking.
  void feed(ByteView octets) noexcept;
  std::uint32_t hops() const noexcept { return hops_; }

 private:
  FieldFinder received_{"received:"};
  std::uint32_t hops_ = 0;
};

}  // namespace sluice::mail
