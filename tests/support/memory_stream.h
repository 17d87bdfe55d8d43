// Two byte streams that are each other's other end, in memory.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <string>

#include "engine/base/byte_stream.h"

namespace sluice::test {

class MemoryStream final : public Carrier {
 public:
  ByteView readable() noexcept override { return as_bytes(arrived).first(visible()); }
  void consume(std::size_t count) noexcept override { arrived.erase(0, count); }
  bool read_finished() const noexcept override { return finished && arrived.empty(); }
  std::size_t unread() const noexcept override { return arrived.size(); }
  std::size_t copy(MutableBytes out) const noexcept override {
    return arrived.copy(reinterpret_cast<char*>(out.data()), out.size());
  }
  bool input_ended() const noexcept override { return finished; }
  std::size_t write(ByteView octets) noexcept override {
    const std::size_t count = std::min(octets.size(), room);
    other->arrived.append(as_text(octets.first(count)));
    room -= count;
    return count;
  }

  MemoryStream* other = nullptr;
  std::string arrived;
  bool finished = false;        // the other end sends no more
  std::size_t room = SIZE_MAX;  // octets that write() still takes
  std::size_t step = SIZE_MAX;  // octets that readable() shows at once

 private:
  std::size_t visible() const noexcept { return std::min(step, arrived.size()); }
};

struct MemoryPipe {
  MemoryPipe() {
    client.other = &server;
    server.other = &client;
  }
  MemoryStream client, server;
};

}  // namespace sluice::test
