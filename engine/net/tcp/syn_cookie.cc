#include "engine/net/tcp/syn_cookie.h"

#include <algorithm>
#include <array>

#include "engine/net/tcp/isn.h"

namespace sluice::net::tcp {
namespace {

// What hosts announce; a class is the largest that is not above it. RFC 9293 3.7.1, Ethernet with
// and without tunnels, jumbo frames.
constexpr std::array<std::uint16_t, 8> kMssClasses = {64,    536,   1'220, 1'360,
                                                      1'400, 1'440, 1'460, 8'940};
constexpr std::uint32_t kMssBits = 3;
constexpr std::uint32_t kMssMask = (1u << kMssBits) - 1;

constexpr std::uint32_t kOptionBits = 6;
constexpr std::uint32_t kOptionMask = (1u << kOptionBits) - 1;
constexpr std::uint32_t kNoShift = 15;
constexpr std::uint32_t kSackBit = 1u << 4;
constexpr std::uint32_t kEcnBit = 1u << 5;

std::uint32_t class_of(std::uint16_t mss) noexcept {
  const auto above = std::upper_bound(kMssClasses.begin(), kMssClasses.end(), mss);
  return above == kMssClasses.begin() ? 0u
                                      : static_cast<std::uint32_t>(above - kMssClasses.begin()) - 1;
}

std::uint64_t period_of(Instant now) noexcept {
  return static_cast<std::uint64_t>(now.ns / kCookiePeriod.ns);
}

}  // namespace

std::uint32_t CookieJar::hash(const FlowKey& key, Sequence irs,
                              std::uint64_t period) const noexcept {
  return static_cast<std::uint32_t>(hash_of(key0_, key1_, key, irs, period)) & ~kMssMask;
}

Sequence CookieJar::make(const FlowKey& key, Sequence irs, std::uint16_t mss,
                         Instant now) const noexcept {
  return hash(key, irs, period_of(now)) | class_of(mss);
}

std::optional<std::uint16_t> CookieJar::check(const FlowKey& key, Sequence irs, Sequence cookie,
                                              Instant now) const noexcept {
  const std::uint64_t period = period_of(now);
  for (const std::uint64_t made : {period, period - 1})
    if (hash(key, irs, made) == (cookie & ~kMssMask)) return kMssClasses[cookie & kMssMask];
  return {};
}

std::uint32_t cookie_timestamp(std::uint32_t now, const CookieOptions& options) noexcept {
  std::uint32_t bits = options.window_shift ? std::uint32_t{*options.window_shift} : kNoShift;
  if (options.sack) bits |= kSackBit;
  if (options.ecn) bits |= kEcnBit;
  const std::uint32_t candidate = (now & ~kOptionMask) | bits;
  return after(candidate, now) ? candidate - (kOptionMask + 1) : candidate;
}

CookieOptions options_of_cookie(std::uint32_t timestamp) noexcept {
  CookieOptions options;
  const std::uint32_t shift = timestamp & kNoShift;
  if (shift != kNoShift) options.window_shift = static_cast<std::uint8_t>(shift);
  options.sack = (timestamp & kSackBit) != 0;
  options.ecn = (timestamp & kEcnBit) != 0;
  return options;
}

}  // namespace sluice::net::tcp
