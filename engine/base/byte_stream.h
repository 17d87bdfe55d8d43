// The seam between a protocol and what carries its octets: a TCP connection, a TLS session, a
// buffer of a test. Nothing blocks; what cannot be done now is done less.
#pragma once

#include "engine/base/bytes.h"

namespace sluice {

class ByteStream {
 public:
  // The oldest unread octets, contiguous; empty when there is nothing now. Valid until consume().
  virtual ByteView readable() noexcept = 0;
  virtual void consume(std::size_t count) noexcept = 0;  // count <= readable().size()
  // The peer has finished sending and everything was consumed.
  virtual bool read_finished() const noexcept = 0;

  // Copies octets into the send buffer, returns how many were taken (0 when it is full).
  virtual std::size_t write(ByteView octets) noexcept = 0;

 protected:
  ~ByteStream() = default;
};

// One that keeps what has arrived until it is consumed, and shows all of it.
class Carrier : public ByteStream {
 public:
  virtual std::size_t unread() const noexcept = 0;
  // Copies the oldest unread octets without consuming them; returns how many.
  virtual std::size_t copy(MutableBytes out) const noexcept = 0;
  // The peer has finished sending: unread() does not grow any more.
  virtual bool input_ended() const noexcept = 0;

 protected:
  ~Carrier() = default;
};

}  // namespace sluice
