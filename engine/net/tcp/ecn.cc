// Explicit congestion notification (RFC 3168): negotiated in the handshake; what is marked on the
// way is echoed until the sender says that it has slowed down.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// 6.1.1: a SYN asks with ECE and CWR, a SYN-ACK agrees with ECE alone.
void Tcp::negotiate_ecn(Tcb& tcb, const Segment& segment) noexcept {
  const bool answers = segment.header.has(kAck);
  tcb.ecn = options_.ecn && segment.header.has(kEce) && segment.header.has(kCwr) != answers;
}

// A SYN that is sent again does not ask: something on the way may dislike it (6.1.1.1).
std::uint8_t Tcp::ecn_of_syn(const Tcb& tcb, bool answers) const noexcept {
  if (answers) return tcb.ecn ? std::uint8_t{kEce} : std::uint8_t{0};
  return options_.ecn && tcb.backoff == 0 ? std::uint8_t{kEce | kCwr} : std::uint8_t{0};
}

// 6.1.3, the receiver: CWR ends the echo, a further mark begins it again.
void Tcp::take_ecn(Tcb& tcb, const Segment& segment) noexcept {
  if (!tcb.ecn) return;
  if (segment.header.has(kCwr)) tcb.ecn_echo = false;
  if (segment.ecn == kEcnCe && segment.payload() > 0) tcb.ecn_echo = true;
}

// 6.1.2, the sender: the first new data after the window was reduced, for whatever reason, says so.
std::uint8_t Tcp::ecn_of_new_data(Tcb& tcb) noexcept {
  const bool tell = tcb.ecn && tcb.ecn_reduced;
  tcb.ecn_reduced = false;
  return tell ? std::uint8_t{kCwr} : std::uint8_t{0};
}

}  // namespace sluice::net::tcp
