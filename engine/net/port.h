// The Port seam: where frames come from and go to, for one core. The DPDK queue pair, the simulated
// wire and the fault injector implement it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/net/packet.h"

namespace sluice::net {

using MacAddress = std::array<std::uint8_t, 6>;

struct PortCapabilities {
  bool ethernet = true;  // false: bare IP packets, no link header and no neighbours
  bool tx_ip_checksum = false;
  bool tx_tcp_checksum = false;
  bool tx_udp_checksum = false;
  bool rx_checksum = false;
};

class Port {
 public:
  virtual ~Port() = default;
  virtual MacAddress mac() const noexcept = 0;
  virtual std::uint16_t mtu() const noexcept = 0;
  virtual PortCapabilities capabilities() const noexcept = 0;
  virtual PacketPool& pool() noexcept = 0;
  // Fills `out` with received frames (the caller owns each reference), returns how many.
  virtual std::size_t receive(std::span<Packet*> out) noexcept = 0;
  // Sends frames; takes one reference of each that it accepts. Returns how many were accepted; the
  // rest stay with the caller.
  virtual std::size_t transmit(std::span<Packet*> frames) noexcept = 0;
  // For a flow that we begin: will this reply to it (remote -> local) reach this core?
  virtual bool flow_is_ours(const Packet&) const noexcept { return true; }
  // A frame that was put together from fragments, or had extension headers: these come by their
  // addresses alone, so that the flow may belong to another core. True: it was passed on, with its
  // reference.
  virtual bool hand_over(Packet*) noexcept { return false; }
};

}  // namespace sluice::net
