// One connection of a script: who talks to whom, and how the script's sequence numbers and
// timestamps become those on the wire and back.
#pragma once

#include <unordered_map>

#include "tests/tcp_script/wire.h"

namespace sluice::script {

class Flow {
 public:
  // The peer's numbers begin here, so that nothing works only because they begin with zero.
  static constexpr std::uint32_t kRemoteOffset = 0xfff0'0000;

  explicit Flow(Peers peers_in) : peers(peers_in) {}

  // A packet of the script as it goes on the wire.
  TcpPacket to_wire(const TcpPacket& packet) const;
  IcmpPacket to_wire(const IcmpPacket& packet) const;
  // A packet that left, in the script's numbers. `expected` teaches the first sequence number and
  // the timestamps.
  TcpPacket to_script(const TcpPacket& packet, const TcpPacket* expected);

  Peers peers;

 private:
  std::uint32_t local_offset() const { return local_offset_.value_or(0); }

  std::optional<std::uint32_t> local_offset_;               // wire = script + offset
  std::optional<std::uint32_t> clock_offset_;               // of our timestamps
  std::unordered_map<std::uint32_t, std::uint32_t> clock_;  // script's timestamp -> ours
};

// Whether `actual` (in the script's numbers) is what is expected; else what differs.
std::string difference(const TcpPacket& expected, const TcpPacket& actual);

}  // namespace sluice::script
