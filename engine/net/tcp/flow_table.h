// Four-tuple to connection: a chained hash table whose nodes are embedded in what they name, keyed
// by a secret so that nobody outside can choose flows that collide. Links are 32-bit references
// into two slabs, open connections and TIME-WAIT entries.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "engine/base/ip_address.h"
#include "engine/base/random.h"

namespace sluice::net::tcp {

struct FlowKey {
  IpAddress local;
  IpAddress remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  bool operator==(const FlowKey&) const = default;
};

enum class FlowKind : std::uint8_t { connection, time_wait };

// Names a node: its index in the slab of its kind. Zero is no node, so that an untouched page of
// buckets is empty.
class FlowRef {
 public:
  FlowRef() = default;
  FlowRef(FlowKind kind, std::uint32_t index) noexcept
      : value_((index + 1) | (kind == FlowKind::time_wait ? kTimeWaitBit : 0)) {}

  explicit operator bool() const noexcept { return value_ != 0; }
  FlowKind kind() const noexcept {
    return (value_ & kTimeWaitBit) != 0 ? FlowKind::time_wait : FlowKind::connection;
  }
  std::uint32_t index() const noexcept { return (value_ & ~kTimeWaitBit) - 1; }
  bool operator==(const FlowRef&) const = default;

 private:
  static constexpr std::uint32_t kTimeWaitBit = 1u << 31;
  std::uint32_t value_ = 0;
};

struct FlowNode {
  FlowKey key;
  FlowRef next_in_bucket;
};

class FlowTable {
 public:
  // About `capacity` nodes are expected, one or two to a bucket; the table never grows. Its pages
  // are touched when used.
  FlowTable(std::size_t capacity, Random& random);

  // Where the nodes of a kind lie: `first` is in the element of index 0, the next one `stride`
  // octets on. The memory need not hold elements yet.
  void attach(FlowKind kind, FlowNode* first, std::size_t stride) noexcept;

  FlowRef find(const FlowKey& key) const noexcept;
  void insert(FlowRef ref) noexcept;  // its key is not in the table
  void erase(FlowRef ref) noexcept;   // it is in the table
  std::size_t size() const noexcept { return size_; }
  std::size_t bytes() const noexcept { return (mask_ + 1) * sizeof(FlowRef); }
  std::uint64_t hash(const FlowKey& key) const noexcept;

 private:
  struct Free {
    void operator()(FlowRef* buckets) const noexcept;
  };
  struct Nodes {
    std::uint8_t* first = nullptr;
    std::size_t stride = 0;
  };
  FlowNode& node(FlowRef ref) const noexcept {
    const Nodes& nodes = nodes_[static_cast<std::size_t>(ref.kind())];
    return *reinterpret_cast<FlowNode*>(nodes.first + ref.index() * nodes.stride);
  }
  FlowRef& bucket_of(const FlowKey& key) const noexcept { return buckets_[hash(key) & mask_]; }

  std::unique_ptr<FlowRef[], Free> buckets_;
  std::size_t mask_;
  std::size_t size_ = 0;
  std::array<Nodes, 2> nodes_;
  std::array<std::uint64_t, 5> secret_;
};

}  // namespace sluice::net::tcp
