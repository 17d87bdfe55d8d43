// SYN cookies (RFC 4987 3.6): everything that a half-open connection would have to remember lies in
// the sequence number of the SYN-ACK, and what does not fit there in its timestamp. Nothing is
// stored until the peer has answered.
//
// Sequence number: 29 bits of a keyed hash of the flow, the peer's initial sequence number and a
// counter of periods; 3 bits of MSS class. Timestamp: the clock with its last 6 bits replaced by
// the window shift (4 bits, 15 = none), SACK permitted and ECN.
#pragma once

#include <optional>

#include "engine/base/clock.h"
#include "engine/net/tcp/flow_table.h"
#include "engine/net/tcp/sequence.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

// A cookie is good in the period in which it was made and in the next one.
inline constexpr Duration kCookiePeriod = seconds(64);

// What the timestamp of the SYN-ACK carries.
struct CookieOptions {
  std::optional<std::uint8_t> window_shift;
  bool sack = false;
  bool ecn = false;
  bool operator==(const CookieOptions&) const = default;
};

class CookieJar {
 public:
  CookieJar(std::uint64_t key0, std::uint64_t key1) : key0_(key0), key1_(key1) {}

  // The initial sequence number to answer a SYN with; `mss` as the peer gave it.
  Sequence make(const FlowKey& key, Sequence irs, std::uint16_t mss, Instant now) const noexcept;
  // The MSS that went into the cookie, rounded down to its class; nothing when it is not ours.
  std::optional<std::uint16_t> check(const FlowKey& key, Sequence irs, Sequence cookie,
                                     Instant now) const noexcept;

 private:
  std::uint32_t hash(const FlowKey& key, Sequence irs, std::uint64_t period) const noexcept;

  std::uint64_t key0_;
  std::uint64_t key1_;
};

// Never later than `now`, so that the connection's own timestamps do not seem to go back.
std::uint32_t cookie_timestamp(std::uint32_t now, const CookieOptions& options) noexcept;
CookieOptions options_of_cookie(std::uint32_t timestamp) noexcept;

}  // namespace sluice::net::tcp
