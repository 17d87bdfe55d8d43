// Marks of a packet in the send queue. A packet that was sent is in exactly one of three states: in
// flight, SACKed or lost; the last means that it waits for its retransmission.
#pragma once

#include <cstdint>

namespace sluice::net::tcp {

enum SendMarks : std::uint16_t {
  kSent = 1 << 0,           // transmitted at least once
  kRetransmitted = 1 << 1,  // and more than once
  kSacked = 1 << 2,         // the peer has it, beyond a gap (RFC 2018)
  kLost = 1 << 3,           // left the network unseen and is to be sent again
  kAppLimited = 1 << 4,     // sent when the application had not kept the path busy
};

}  // namespace sluice::net::tcp
