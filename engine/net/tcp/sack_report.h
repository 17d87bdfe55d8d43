// What the receiver tells the sender about data beyond a gap (RFC 2018 4), the block with the
// latest arrival first, and about duplicates (RFC 2883).
#pragma once

#include <array>

#include "engine/net/tcp/sequence.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::tcp {

class SackReport {
 public:
  // `block` has come, new or not, and lies beyond a gap. What it touches joins it.
  void arrived(SackBlock block) noexcept;
  // `block` came a second time: the next ACK says so, once.
  void duplicate(SackBlock block) noexcept { duplicate_ = block; }
  // Everything before `rcv_nxt` is acknowledged now.
  void advance(Sequence rcv_nxt) noexcept;

  bool empty() const noexcept { return count_ == 0 && duplicate_.left == duplicate_.right; }
  // At most `blocks_max` blocks; the duplicate is told and forgotten.
  void fill(TcpOptions& options, std::uint8_t blocks_max) noexcept;

 private:
  void remove(std::uint8_t index) noexcept;

  std::array<SackBlock, kSackBlocksMax> blocks_;  // disjoint, the latest first
  SackBlock duplicate_;
  std::uint8_t count_ = 0;
};

}  // namespace sluice::net::tcp
