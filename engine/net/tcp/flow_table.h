// Four-tuple to connection: a chained hash table whose nodes are embedded in what they name, keyed
// by a secret so that nobody outside can choose flows that collide.
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

struct FlowNode {
  enum class Kind : std::uint8_t { connection, time_wait };
  explicit FlowNode(Kind kind_in) : kind(kind_in) {}

  FlowKey key;
  Kind kind;
  FlowNode* next_in_bucket = nullptr;
};

class FlowTable {
 public:
  // At most `capacity` nodes are expected; the table never grows.
  FlowTable(std::size_t capacity, Random& random);

  FlowNode* find(const FlowKey& key) const noexcept;
  void insert(FlowNode& node) noexcept;  // its key is not in the table
  void erase(FlowNode& node) noexcept;   // it is in the table
  std::size_t size() const noexcept { return size_; }
  std::uint64_t hash(const FlowKey& key) const noexcept;

 private:
  std::unique_ptr<FlowNode*[]> buckets_;
  std::size_t mask_;
  std::size_t size_ = 0;
  std::array<std::uint64_t, 5> secret_;
};

}  // namespace sluice::net::tcp
