// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein) under a key of its own, which is drawn
// when it is made and never told: who chooses the octets cannot choose their hash, and two texts
// with the same one are not found by trying. For tables that outsiders fill; half a nanosecond an
// octet, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "engine/base/bytes.h"

namespace sluice::tls {

class KeyedHash {
 public:
  struct Value {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const Value&) const = default;
  };
  using Key = std::array<std::uint8_t, 16>;

  KeyedHash();  // with a key from the system's random numbers
  explicit KeyedHash(const Key& key);
  ~KeyedHash();
  KeyedHash(KeyedHash&&) noexcept;
  KeyedHash& operator=(KeyedHash&&) noexcept;

  Value operator()(ByteView octets) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::tls
