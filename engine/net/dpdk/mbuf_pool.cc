#include "engine/net/dpdk/mbuf_pool.h"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "engine/base/contract.h"
#include "engine/net/dpdk/mbuf.h"

namespace sluice::net {
namespace {

static_assert(sizeof(rte_mbuf) == kMbufBytes);
static_assert(sizeof(Packet) % RTE_MBUF_PRIV_ALIGN == 0);
static_assert(RTE_PKTMBUF_HEADROOM == kPacketHeadroom);

// The common store is an rte_ring, whose count is cheap; DPDK's own count walks 128 caches.
constexpr const char* kStore = "ring_mp_mc";
constexpr unsigned kCachePackets = 256;  // per worker; DPDK moves one and a half times that at once

void set_pool(rte_mempool*, void* pool, void* object, unsigned) {
  auto* packet = new (packet_of(static_cast<rte_mbuf*>(object))) Packet;
  packet->pool = static_cast<MbufPool*>(pool);
}

}  // namespace

std::expected<std::unique_ptr<MbufPool>, std::string> MbufPool::create(const std::string& name,
                                                                       std::uint32_t count,
                                                                       int socket) {
  const unsigned cache = count >= 4 * kCachePackets ? kCachePackets : 0;
  rte_mempool* mempool = rte_pktmbuf_pool_create_by_ops(
      name.c_str(), count, cache, sizeof(Packet), kPacketHeadroom + kPacketRoom, socket, kStore);
  if (mempool == nullptr)
    return std::unexpected(fmt::format("no memory for {} packets ({} MiB): {}", count,
                                       count * kBytesPerPacket >> 20, rte_strerror(rte_errno)));
  std::unique_ptr<MbufPool> pool(new MbufPool(mempool));
  rte_mempool_obj_iter(mempool, set_pool, pool.get());
  return pool;
}

MbufPool::~MbufPool() { rte_mempool_free(mempool_); }

Packet* MbufPool::allocate() noexcept {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(mempool_);
  if (mbuf == nullptr) return nullptr;
  Packet* packet = packet_of(mbuf);
  *packet = Packet{.pool = this, .data = rte_pktmbuf_mtod(mbuf, std::uint8_t*)};
  return packet;
}

void MbufPool::free(Packet* packet) noexcept { rte_pktmbuf_free_seg(mbuf_of(packet)); }

void MbufPool::retain(Packet* packet) noexcept { rte_mbuf_refcnt_update(mbuf_of(packet), 1); }

bool MbufPool::shared(const Packet* packet) const noexcept {
  return rte_mbuf_refcnt_read(mbuf_of(packet)) > 1;
}

std::size_t MbufPool::available() const noexcept {
  const rte_mempool_cache* cache = rte_mempool_default_cache(mempool_, rte_lcore_id());
  const unsigned cached = cache != nullptr ? cache->len : 0;
  return rte_ring_count(static_cast<const rte_ring*>(mempool_->pool_data)) + cached;
}

std::size_t MbufPool::missing() const noexcept { return rte_mempool_in_use_count(mempool_); }

}  // namespace sluice::net
