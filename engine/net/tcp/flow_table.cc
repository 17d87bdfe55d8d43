#include "engine/net/tcp/flow_table.h"

#include <bit>
#include <cstring>

#include "engine/base/contract.h"

namespace sluice::net::tcp {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t half(const IpAddress& address, std::size_t offset) noexcept {
  std::uint64_t value;
  std::memcpy(&value, address.octets.data() + offset, sizeof value);
  return value;
}

}  // namespace

FlowTable::FlowTable(std::size_t capacity, Random& random) {
  const std::size_t buckets = std::bit_ceil(capacity + 1);
  buckets_ = std::make_unique<FlowNode*[]>(buckets);
  mask_ = buckets - 1;
  for (std::uint64_t& word : secret_) word = random.next();
}

std::uint64_t FlowTable::hash(const FlowKey& key) const noexcept {
  const std::uint64_t ports = static_cast<std::uint64_t>(key.local_port) << 16 | key.remote_port;
  const std::uint64_t local = mix(half(key.local, 0) ^ secret_[0], half(key.local, 8) ^ secret_[1]);
  const std::uint64_t remote =
      mix(half(key.remote, 0) ^ secret_[2], half(key.remote, 8) ^ secret_[3]);
  return mix(local ^ ports, remote ^ secret_[4]);
}

FlowNode* FlowTable::find(const FlowKey& key) const noexcept {
  FlowNode* node = buckets_[hash(key) & mask_];
  while (node != nullptr && node->key != key) node = node->next_in_bucket;
  return node;
}

void FlowTable::insert(FlowNode& node) noexcept {
  FlowNode*& bucket = buckets_[hash(node.key) & mask_];
  node.next_in_bucket = bucket;
  bucket = &node;
  ++size_;
}

void FlowTable::erase(FlowNode& node) noexcept {
  FlowNode** link = &buckets_[hash(node.key) & mask_];
  while (*link != &node) {
    SLUICE_ASSERT(*link != nullptr);
    link = &(*link)->next_in_bucket;
  }
  *link = node.next_in_bucket;
  node.next_in_bucket = nullptr;
  --size_;
}

}  // namespace sluice::net::tcp
