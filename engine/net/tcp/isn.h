// Initial sequence numbers (RFC 6528): a 4 microsecond clock plus a keyed hash of the four-tuple.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/clock.h"
#include "engine/net/tcp/flow_table.h"

namespace sluice::net::tcp {

class IsnGenerator {
 public:
  IsnGenerator(std::uint64_t key0, std::uint64_t key1) : key0_(key0), key1_(key1) {}

  std::uint32_t next(const FlowKey& key, Instant now) const noexcept;
  // Where the search for a local port begins (RFC 6056 3.3.3); `key` without a local port.
  std::uint32_t port_offset(const FlowKey& key) const noexcept;
  // The same for all connections of a four-tuple, unknown to others (RFC 7323 5.4).
  std::uint32_t timestamp_offset(const FlowKey& key) const noexcept;

 private:
  std::uint64_t key0_;
  std::uint64_t key1_;
};

// A keyed hash of a flow, and of what else there is to bind to it; the last 56 bits of `more`.
std::uint64_t hash_of(std::uint64_t key0, std::uint64_t key1, const FlowKey& key,
                      std::uint32_t number = 0, std::uint64_t more = 0) noexcept;

// SipHash-2-4 (Aumasson, Bernstein) of `words` and the 0 to 7 octets that are the low ones of
// `tail`.
std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::span<const std::uint64_t> words,
                      std::uint64_t tail = 0, unsigned tail_octets = 0) noexcept;

}  // namespace sluice::net::tcp
