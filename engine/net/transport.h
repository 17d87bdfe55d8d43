// What a session sees of the network: connections that give and take octets. Two implementations,
// the engine's own stack over DPDK (net/tcp, net/dpdk) and kernel sockets (net/kernel), one per
// core each. Nothing here blocks or allocates; no callback: the owner asks which connections are
// ready.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "engine/base/byte_stream.h"
#include "engine/base/clock.h"
#include "engine/base/ip_address.h"

namespace sluice::net {

enum class NetError : std::uint8_t {
  refused,       // RST to our SYN
  reset,         // RST in an open connection
  timed_out,     // no answer within the user timeout
  unreachable,   // no route, no neighbour, ICMP
  no_resources,  // a pool or table is full
  in_use,        // the local endpoint
  denied,        // the kernel lets nobody listen there without a privilege
  too_large,     // a datagram beyond what the path takes
};
const char* describe(NetError error) noexcept;

// Owned by its Transport. Valid from next_ready()/connect() until release(). What is written leaves
// at the next flush of the transport, so that everything written in one poll shares segments.
class Connection : public Carrier {
 public:
  enum class State : std::uint8_t { opening, open, failed };

  virtual State state() const noexcept = 0;
  virtual NetError error() const noexcept = 0;  // only in State::failed

  virtual std::size_t write_space() const noexcept = 0;
  virtual bool write_drained() const noexcept = 0;  // everything written was acknowledged

  virtual void close() noexcept = 0;  // orderly: FIN after what was written; still readable
  virtual void abort() noexcept = 0;  // RST, drops buffers

  virtual Endpoint local() const noexcept = 0;
  virtual Endpoint remote() const noexcept = 0;

  std::uint64_t owner = 0;     // the session's handle; 0 = new, not yet adopted
  std::uint32_t listener = 0;  // tag given to listen(); UINT32_MAX for an outbound connection

 protected:
  ~Connection() = default;
};

class Transport {
 public:
  virtual ~Transport() = default;

  virtual std::expected<void, NetError> listen(Endpoint local, std::uint32_t tag) = 0;
  virtual void stop_listening() noexcept = 0;  // drain: new connections are refused
  // The connection starts in State::opening and shows up in next_ready() when that changes.
  virtual std::expected<Connection*, NetError> connect(Endpoint remote, std::uint64_t owner) = 0;

  // The same, to a socket of this machine; only kernel sockets can. Its endpoints are unspecified.
  virtual std::expected<Connection*, NetError> connect_socket(const std::string&, std::uint64_t) {
    return std::unexpected(NetError::unreachable);
  }

  // Takes in what has arrived and runs due timers. Returns the amount of work done, 0 = none.
  virtual std::size_t poll(Instant now) noexcept = 0;
  // Each connection on which something changed since it was last returned (new, readable, writable
  // again after a short write, finished, failed), once; nullptr when there are no more.
  virtual Connection* next_ready() noexcept = 0;
  // Puts a connection back at the end of the ready list (its session used up its budget).
  virtual void requeue(Connection& connection) noexcept = 0;
  // Sends out what was written.
  virtual void flush(Instant now) noexcept = 0;
  // The owner is done; the transport finishes close/TIME-WAIT alone and forgets the owner.
  virtual void release(Connection& connection) noexcept = 0;

  virtual Instant next_deadline() const noexcept = 0;
  // A file descriptor that becomes readable when poll() would have work, or -1 (then the worker
  // sleeps for short times only).
  virtual int wait_descriptor() const noexcept = 0;
  virtual std::size_t open_connections() const noexcept = 0;
};

}  // namespace sluice::net
