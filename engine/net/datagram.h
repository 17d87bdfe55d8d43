// Datagrams as a user of the network sees them: UDP sockets of one core (RFC 768), for DNS. Nothing
// blocks or allocates; no callback: the owner asks which sockets are ready.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "engine/net/transport.h"

namespace sluice::net {

struct Datagram {
  Endpoint local;   // where it was sent to
  Endpoint remote;  // who sent it
  ByteView payload;
};

// Owned by its DatagramTransport. Valid from open() until close().
class DatagramSocket {
 public:
  virtual Endpoint local() const noexcept = 0;
  // Copies and sends one datagram; it may be lost like any. A socket with a peer sends to that
  // only. Errors: unreachable (no route), too_large, no_resources.
  virtual std::expected<void, NetError> send(const Endpoint& remote, ByteView payload) noexcept = 0;
  // The oldest datagram that came in; nothing when there is none. Valid until pop().
  virtual std::optional<Datagram> front() const noexcept = 0;
  virtual void pop() noexcept = 0;
  // What ICMP told about datagrams to the peer since the last call (RFC 1122 4.1.3.3); only of a
  // socket with a peer.
  virtual std::optional<NetError> take_error() noexcept = 0;

  std::uint64_t owner = 0;

 protected:
  ~DatagramSocket() = default;
};

class DatagramTransport {
 public:
  virtual ~DatagramTransport() = default;

  struct Options {
    Endpoint local;                // unspecified address: any of ours; port 0: one is chosen
    std::optional<Endpoint> peer;  // only datagrams from there are taken
    std::uint64_t owner = 0;
  };
  // With a peer and without a port, the port is random (RFC 6056) and one for which the device
  // brings the answers to this core.
  virtual std::expected<DatagramSocket*, NetError> open(const Options& options) = 0;
  virtual void close(DatagramSocket& socket) noexcept = 0;
  // Each socket to which something happened since it was last returned, once; nullptr: no more.
  virtual DatagramSocket* next_ready_socket() noexcept = 0;
};

}  // namespace sluice::net
