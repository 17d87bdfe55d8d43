// A bounded byte queue that holds little in itself and, only while it must hold more, a buffer of
// Max octets from the heap: an idle session stays small, a busy one is bounded.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "engine/base/bytes.h"
#include "engine/base/contract.h"

namespace sluice::smtp {

template <std::size_t Inline, std::size_t Max>
class SpillBuffer {
 public:
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  std::size_t room() const noexcept { return Max - size(); }
  ByteView bytes() const noexcept { return {data() + begin_, size()}; }

  void append(ByteView octets) noexcept {
    SLUICE_ASSERT(octets.size() <= room());
    if (octets.empty()) return;
    make_room(octets.size());
    std::memcpy(data() + end_, octets.data(), octets.size());
    end_ += octets.size();
  }

  void consume(std::size_t count) noexcept {
    SLUICE_ASSERT(count <= size());
    begin_ += count;
    if (empty()) clear();
  }

  void clear() noexcept {
    begin_ = end_ = 0;
    spill_.reset();
  }

 private:
  std::uint8_t* data() noexcept { return spill_ ? spill_.get() : inline_.data(); }
  const std::uint8_t* data() const noexcept { return spill_ ? spill_.get() : inline_.data(); }

  void make_room(std::size_t count) noexcept {
    const std::size_t capacity = spill_ ? Max : Inline;
    if (end_ + count <= capacity) return;
    const std::size_t held = size();
    if (held + count <= capacity) {
      std::memmove(data(), data() + begin_, held);
    } else {
      std::unique_ptr<std::uint8_t[]> larger(new std::uint8_t[Max]);
      std::memcpy(larger.get(), data() + begin_, held);
      spill_ = std::move(larger);
    }
    begin_ = 0;
    end_ = held;
  }

  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<std::uint8_t[]> spill_;
  std::array<std::uint8_t, Inline> inline_;
};

}  // namespace sluice::smtp
