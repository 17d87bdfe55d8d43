#include "engine/net/tcp/sack_report.h"

#include <algorithm>

namespace sluice::net::tcp {
namespace {

bool touch(const SackBlock& a, const SackBlock& b) noexcept {
  return at_or_before(a.left, b.right) && at_or_before(b.left, a.right);
}

}  // namespace

void SackReport::arrived(SackBlock block) noexcept {
  for (std::uint8_t i = 0; i < count_;) {
    if (touch(blocks_[i], block)) {
      block.left = std::min(block.left, blocks_[i].left, before);
      block.right = std::max(block.right, blocks_[i].right, before);
      remove(i);
    } else {
      ++i;
    }
  }
  if (count_ < kSackBlocksMax) ++count_;
  std::copy_backward(blocks_.begin(), blocks_.begin() + count_ - 1, blocks_.begin() + count_);
  blocks_[0] = block;
}

void SackReport::advance(Sequence rcv_nxt) noexcept {
  for (std::uint8_t i = 0; i < count_;) {
    if (at_or_before(blocks_[i].left, rcv_nxt)) {
      remove(i);
    } else {
      ++i;
    }
  }
}

void SackReport::remove(std::uint8_t index) noexcept {
  std::copy(blocks_.begin() + index + 1, blocks_.begin() + count_, blocks_.begin() + index);
  --count_;
}

void SackReport::fill(TcpOptions& options, std::uint8_t blocks_max) noexcept {
  std::uint8_t used = 0;
  if (duplicate_.left != duplicate_.right && used < blocks_max) options.sack[used++] = duplicate_;
  for (std::uint8_t i = 0; i < count_ && used < blocks_max; ++i) options.sack[used++] = blocks_[i];
  options.sack_count = used;
  duplicate_ = {};
}

}  // namespace sluice::net::tcp
