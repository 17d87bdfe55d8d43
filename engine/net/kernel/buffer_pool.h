// Equal buffers in one mapping, handed out last in, first out: memory that was never needed at once
// is never touched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::net {

class BufferPool {
 public:
  BufferPool(std::size_t count, std::size_t octets);
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  std::uint8_t* acquire() noexcept;  // nullptr when all are taken
  void release(std::uint8_t* buffer) noexcept;
  std::size_t octets() const noexcept { return octets_; }

 private:
  std::size_t octets_;
  std::size_t mapped_;
  std::uint8_t* memory_;
  std::vector<std::uint8_t*> free_;
};

}  // namespace sluice::net
