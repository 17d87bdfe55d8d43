// Finds out whether somebody else has an address before it is used, and tells the neighbours when
// it is (RFC 5227 for IPv4, duplicate address detection of RFC 4862 5.4 for IPv6).
#pragma once

#include <array>

#include "engine/base/random.h"
#include "engine/base/timer_wheel.h"
#include "engine/net/addresses.h"
#include "engine/net/link_output.h"

namespace sluice::net {

class ConflictDetector {
 public:
  // Without `enabled` addresses are used at once and unannounced. A link without neighbours has
  // nobody to ask.
  ConflictDetector(AddressTable& addresses, LinkOutput& link, TimerWheel& wheel, Random& random,
                   StackCounters& counters, bool enabled);

  void start_all(Instant now) noexcept;
  // Begins to probe an address of the table; it is tentative until nobody has answered.
  void start(OwnAddress& own, Instant now) noexcept;
  // Somebody else uses, or probes for, this address.
  void conflict(const IpAddress& address, Instant now) noexcept;

 private:
  struct Detection {
    ConflictDetector* detector = nullptr;
    IpAddress address;
    std::uint8_t probes = 0;         // sent
    std::uint8_t announcements = 0;  // sent
    Instant defended{};              // when we last insisted
    Timer timer;
  };
  Detection* find(const IpAddress& address) noexcept;
  void step(Detection& detection, Instant now) noexcept;
  void probe(const IpAddress& address) noexcept;
  void announce(const IpAddress& address) noexcept;
  Duration random_up_to(Duration most) noexcept;

  AddressTable& addresses_;
  LinkOutput& link_;
  TimerWheel& wheel_;
  Random& random_;
  StackCounters& counters_;
  bool enabled_;
  std::array<Detection, kAddressesMax> detections_;
};

}  // namespace sluice::net
