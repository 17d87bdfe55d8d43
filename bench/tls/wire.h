// What carries the octets between a server and a client of these benchmarks: two flat buffers. The
// client is always OpenSSL over memory BIOs; only the server's side is timed.
#pragma once

#include <x86intrin.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "engine/base/byte_stream.h"
#include "engine/base/contract.h"
#include "tls/handle.h"

namespace sluice::bench {

// The server's end, as cheap as a stream can be.
class FlatStream final : public Carrier {
 public:
  FlatStream() : output(1 << 20) {}

  ByteView readable() noexcept override { return ByteView(input).subspan(read_); }
  void consume(std::size_t count) noexcept override { read_ += count; }
  bool read_finished() const noexcept override { return false; }
  std::size_t unread() const noexcept override { return input.size() - read_; }
  std::size_t copy(MutableBytes out) const noexcept override {
    const std::size_t count = std::min(out.size(), unread());
    std::memcpy(out.data(), input.data() + read_, count);
    return count;
  }
  bool input_ended() const noexcept override { return false; }
  std::size_t write(ByteView octets) noexcept override {
    SLUICE_ASSERT(written + octets.size() <= output.size());
    std::memcpy(output.data() + written, octets.data(), octets.size());
    written += octets.size();
    return octets.size();
  }

  void take_from(BIO* peer_output) {
    if (read_ == input.size()) clear_input();
    const std::size_t more = BIO_ctrl_pending(peer_output);
    const std::size_t old = input.size();
    input.resize(old + more);
    if (more > 0) BIO_read(peer_output, input.data() + old, static_cast<int>(more));
  }
  void give_to(BIO* peer_input) {
    if (written > 0) BIO_write(peer_input, output.data(), static_cast<int>(written));
    written = 0;
  }
  void clear_input() {
    input.clear();
    read_ = 0;
  }

  std::vector<std::uint8_t> input, output;
  std::size_t written = 0;

 private:
  std::size_t read_ = 0;
};

// OpenSSL over a pair of memory BIOs, which belong to it.
struct MemoryPeer {
  explicit MemoryPeer(SSL_CTX* context)
      : ssl(SSL_new(context)), input(BIO_new(BIO_s_mem())), output(BIO_new(BIO_s_mem())) {
    SSL_set_bio(ssl.get(), input, output);
  }
  tls::SslPtr ssl;
  BIO* input;
  BIO* output;
};

inline void move(BIO* from, BIO* to) {
  char octets[32'768];
  while (const std::size_t pending = BIO_ctrl_pending(from)) {
    const int part = BIO_read(from, octets, static_cast<int>(std::min(pending, sizeof octets)));
    BIO_write(to, octets, part);
  }
}

// Cycles of the time stamp counter that pass inside a scope.
class Timed {
 public:
  explicit Timed(std::uint64_t& total) : total_(total), begin_(__rdtsc()) {}
  ~Timed() { total_ += __rdtsc() - begin_; }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  std::uint64_t& total_;
  std::uint64_t begin_;
};

}  // namespace sluice::bench
