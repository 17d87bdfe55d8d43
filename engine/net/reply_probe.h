// Asks a port whether the replies of a flow that we would begin come to this core, so that an
// ephemeral port can be chosen for which they do (the device spreads flows by a hash).
#pragma once

#include "engine/base/ip_address.h"
#include "engine/net/port.h"

namespace sluice::net {

class ReplyProbe {
 public:
  ReplyProbe(Port& port, const IpAddress& local, const IpAddress& remote,
             std::uint8_t protocol) noexcept;
  // False also when there is no packet to ask with.
  bool reaches_us(std::uint16_t local_port, std::uint16_t remote_port) const noexcept;

 private:
  Port& port_;
  PacketPtr frame_;  // the head of a reply, as the device would see it
};

}  // namespace sluice::net
