// Tells the switches and routers of the link which multicast groups we listen to (RFC 3810, the
// part of a host that filters no sources): without it a switch that listens in would keep neighbour
// solicitations from us (RFC 4861 7.2.1).
#pragma once

#include "engine/base/random.h"
#include "engine/base/timer_wheel.h"
#include "engine/net/addresses.h"
#include "engine/net/ip_datagram.h"
#include "engine/net/link_output.h"

namespace sluice::net {

inline constexpr std::uint8_t kMldQuery = 130;
inline constexpr std::uint8_t kMldReport = 143;

class MulticastListener {
 public:
  MulticastListener(const AddressTable& addresses, LinkOutput& link, TimerWheel& wheel,
                    Random& random, PacketPool& pool);

  // There are groups that were not reported yet.
  void joined(Instant now) noexcept;
  // `icmp` with its checksum verified. False: malformed.
  bool query_in(ByteView icmp, const IpDatagram& ip, Instant now) noexcept;

 private:
  void on_timer(Instant now) noexcept;
  void report(std::uint8_t record_type) noexcept;
  void set_within(Duration most, Instant now) noexcept;

  const AddressTable& addresses_;
  LinkOutput& link_;
  TimerWheel& wheel_;
  Random& random_;
  PacketPool& pool_;
  int changes_left_ = 0;  // reports of a change that are still to be sent
  bool asked_ = false;    // a query waits for its answer
  Timer timer_;
};

}  // namespace sluice::net
