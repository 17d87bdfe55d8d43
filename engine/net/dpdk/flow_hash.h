// The symmetric Toeplitz hash that decides which worker owns a flow: the same value for both
// directions, equal to what a NIC computes with kSymmetricKey.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::net {

// The 16-bit word 6d5a repeated: since the key has the period of a port number, swapping source and
// destination does not change the hash.
inline constexpr std::uint16_t kSymmetricKeyWord = 0x6d5a;
inline constexpr std::size_t kSymmetricKeyBytes = 52;  // the longest key that a NIC takes
inline constexpr auto kSymmetricKey = [] {
  std::array<std::uint8_t, kSymmetricKeyBytes> key{};
  for (std::size_t i = 0; i < key.size(); ++i)
    key[i] = static_cast<std::uint8_t>(i % 2 == 0 ? kSymmetricKeyWord >> 8 : kSymmetricKeyWord);
  return key;
}();

enum class Steer : std::uint8_t {
  by_flow,  // to the worker that owns `hash`
  to_all,   // ARP and neighbour discovery: every worker keeps its own neighbour cache
  stay,     // anything else: whoever received it
};

struct FlowHash {
  Steer steer = Steer::stay;
  std::uint32_t hash = 0;
};

// `frame` starts at the Ethernet header, which may have a VLAN tag. TCP and UDP: addresses and
// ports; fragments and other protocols: addresses only.
FlowHash flow_hash(ByteView frame) noexcept;

}  // namespace sluice::net
