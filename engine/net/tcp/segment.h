// One TCP segment that came in: its header, options and payload, all checked.
#pragma once

#include "engine/net/packet.h"
#include "engine/net/tcp/flow_table.h"
#include "engine/net/tcp/sequence.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

struct Segment {
  FlowKey key;
  TcpHeader header;
  TcpOptions options;
  PacketPtr packet;      // trimmed to the payload
  std::uint8_t ecn = 0;  // of the IP header (RFC 3168 5)

  Sequence seq() const noexcept { return header.sequence; }
  Sequence ack() const noexcept { return header.acknowledgment; }
  std::uint32_t payload() const noexcept { return packet->length; }
  // SEG.LEN of RFC 9293: SYN and FIN count.
  std::uint32_t length() const noexcept {
    return packet->length + (header.has(kSyn) ? 1 : 0) + (header.has(kFin) ? 1 : 0);
  }
  Sequence end() const noexcept { return seq() + length(); }
};

}  // namespace sluice::net::tcp
