// A Packet is the private area of its mbuf: the one is found from the other by arithmetic.
#pragma once

#include <cstddef>

#include "engine/net/packet.h"

struct rte_mbuf;

namespace sluice::net {

inline constexpr std::size_t kMbufBytes = 128;  // sizeof(rte_mbuf); mbuf_pool.cc asserts it

inline Packet* packet_of(rte_mbuf* mbuf) noexcept {
  return reinterpret_cast<Packet*>(reinterpret_cast<char*>(mbuf) + kMbufBytes);
}

inline rte_mbuf* mbuf_of(const Packet* packet) noexcept {
  return reinterpret_cast<rte_mbuf*>(reinterpret_cast<char*>(const_cast<Packet*>(packet)) -
                                     kMbufBytes);
}

}  // namespace sluice::net
