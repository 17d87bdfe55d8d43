// Where SYNs of refused sources end: a look at the frames of a burst as they came from the device,
// so that the filter answers for all of them at once and nothing else is done for what is dropped.
// Only plain SYNs are judged here; what comes in fragments or behind extension headers is judged
// where TCP meets it.
#pragma once

#include <array>

#include "engine/net/addresses.h"
#include "engine/net/stack.h"

namespace sluice::net {

class SynGate {
 public:
  SynGate(const StackOptions& options, const Port& port, const AddressTable& addresses,
          tcp::Tcp& tcp, bool shares_with_kernel, StackCounters& counters);

  // Drops what is to be dropped and marks the SYNs that were judged; returns how many frames are
  // left, at the front of `burst`.
  std::size_t pass(std::span<Packet*> burst) noexcept;

 private:
  struct Syn {
    IpAddress source;
    IpAddress destination;
    std::uint32_t tcp_at = 0;  // from the start of the frame
  };
  struct Burst {
    std::array<IpAddress, SynFilter::kBurst> sources;
    std::array<std::uint8_t, SynFilter::kBurst> frames;  // where each SYN is in the burst
    std::size_t count = 0;
  };

  bool find_syn(const Packet& frame, Syn& syn) const noexcept;
  bool is_for_tcp(const Packet& frame, const Syn& syn) const noexcept;
  void collect(std::span<Packet*> frames, Burst& syns) const noexcept;
  void judge(std::span<Packet*> frames, const Burst& syns) noexcept;

  SynFilter* filter_;
  const AddressTable& addresses_;
  tcp::Tcp& tcp_;
  StackCounters& counters_;
  bool shares_with_kernel_;
  std::uint32_t link_length_;  // of the headers in front of IP
  std::uint16_t vlan_;
  MacAddress mac_;
};

}  // namespace sluice::net
