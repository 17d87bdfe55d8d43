#include "engine/net/tcp/flow_table.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
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

void FlowTable::Free::operator()(FlowRef* buckets) const noexcept { std::free(buckets); }

FlowTable::FlowTable(std::size_t capacity, Random& random) {
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(capacity, 1));
  // Zero pages of the kernel, each touched when its first bucket is used.
  buckets_.reset(static_cast<FlowRef*>(std::calloc(buckets, sizeof(FlowRef))));
  SLUICE_ASSERT(buckets_ != nullptr);
  mask_ = buckets - 1;
  for (std::uint64_t& word : secret_) word = random.next();
}

void FlowTable::attach(FlowKind kind, FlowNode* first, std::size_t stride) noexcept {
  nodes_[static_cast<std::size_t>(kind)] = {reinterpret_cast<std::uint8_t*>(first), stride};
}

std::uint64_t FlowTable::hash(const FlowKey& key) const noexcept {
  const std::uint64_t ports = static_cast<std::uint64_t>(key.local_port) << 16 | key.remote_port;
  const std::uint64_t local = mix(half(key.local, 0) ^ secret_[0], half(key.local, 8) ^ secret_[1]);
  const std::uint64_t remote =
      mix(half(key.remote, 0) ^ secret_[2], half(key.remote, 8) ^ secret_[3]);
  return mix(local ^ ports, remote ^ secret_[4]);
}

FlowRef FlowTable::find(const FlowKey& key) const noexcept {
  FlowRef ref = bucket_of(key);
  while (ref && node(ref).key != key) ref = node(ref).next_in_bucket;
  return ref;
}

void FlowTable::insert(FlowRef ref) noexcept {
  FlowNode& added = node(ref);
  FlowRef& bucket = bucket_of(added.key);
  added.next_in_bucket = bucket;
  bucket = ref;
  ++size_;
}

void FlowTable::erase(FlowRef ref) noexcept {
  FlowNode& removed = node(ref);
  FlowRef* link = &bucket_of(removed.key);
  while (*link != ref) {
    SLUICE_ASSERT(*link);
    link = &node(*link).next_in_bucket;
  }
  *link = removed.next_in_bucket;
  removed.next_in_bucket = {};
  --size_;
}

}  // namespace sluice::net::tcp
