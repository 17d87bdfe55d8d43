// PacketPool over an rte_mempool: one per port and worker. allocate() and free() work from the
// mempool's cache of the calling worker; free() may come from any worker, since the distributor
// hands packets on.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/net/packet.h"

struct rte_mempool;

namespace sluice::net {

class MbufPool final : public PacketPool {
 public:
  // Octets of DPDK memory that one packet takes, for planning.
  static constexpr std::size_t kBytesPerPacket = 2'560;

  static std::expected<std::unique_ptr<MbufPool>, std::string> create(const std::string& name,
                                                                      std::uint32_t count,
                                                                      int socket);
  ~MbufPool() override;
  MbufPool(const MbufPool&) = delete;
  MbufPool& operator=(const MbufPool&) = delete;

  Packet* allocate() noexcept override;
  void free(Packet* packet) noexcept override;
  void retain(Packet* packet) noexcept override;
  bool shared(const Packet* packet) const noexcept override;
  // Cheap: counts the common store and the caller's cache, not what lies in other workers' caches.
  std::size_t available() const noexcept override;

  std::size_t missing() const noexcept;  // packets that are not home, over all caches
  rte_mempool* mempool() noexcept { return mempool_; }

 private:
  explicit MbufPool(rte_mempool* mempool) : mempool_(mempool) {}

  rte_mempool* mempool_;
};

}  // namespace sluice::net
