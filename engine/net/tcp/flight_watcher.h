// Told of the fate of each packet that was sent, for congestion controls that measure the path
// instead of counting losses. The others have none.
#pragma once

#include <cstdint>

#include "engine/net/packet.h"

namespace sluice::net::tcp {

class FlightWatcher {
 public:
  virtual void on_delivered(Packet& packet) noexcept = 0;             // acknowledged or SACKed
  virtual void on_part_delivered(std::uint32_t octets) noexcept = 0;  // the rest is still to come
  virtual void on_lost(const Packet& packet) noexcept = 0;

 protected:
  ~FlightWatcher() = default;
};

}  // namespace sluice::net::tcp
