// An application for the simulator: it sends `total` octets of a known pattern, checks what comes
// against the pattern of the other side, closes when it has sent all, releases when both are done.
#pragma once

#include <algorithm>
#include <array>

#include "engine/base/random.h"
#include "engine/net/transport.h"

namespace sluice::net::test {

inline std::uint8_t pattern(std::uint64_t stream, std::uint64_t offset) {
  const std::uint64_t mixed = (offset + stream * 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint8_t>(mixed >> 37);
}

class Transfer {
 public:
  Transfer(Transport& transport, Connection& connection, std::uint64_t sends, std::uint64_t expects,
           std::uint64_t total)
      : transport_(transport),
        connection_(&connection),
        sends_(sends),
        expects_(expects),
        total_(total) {}

  void work(Random& random) {
    if (connection_ == nullptr) return;
    if (connection_->state() == Connection::State::opening) return;
    if (connection_->state() == Connection::State::failed) {
      failed_ = true;
      finish();
      return;
    }
    read(random);
    write(random);
    if (sent_ == total_ && !closed_) {
      connection_->close();
      closed_ = true;
    }
    if (closed_ && connection_->read_finished()) finish();
  }

  bool done() const { return connection_ == nullptr; }
  bool failed() const { return failed_; }
  bool intact() const { return intact_; }
  std::uint64_t received() const { return received_; }

 private:
  void read(Random& random) {
    for (ByteView octets = connection_->readable(); !octets.empty();
         octets = connection_->readable()) {
      const std::size_t count = 1 + random.below(octets.size());
      for (std::size_t i = 0; i < count; ++i)
        intact_ = intact_ && octets[i] == pattern(expects_, received_ + i);
      connection_->consume(count);
      received_ += count;
    }
  }

  void write(Random& random) {
    std::array<std::uint8_t, 8'192> buffer;
    while (sent_ < total_) {
      const std::size_t count =
          std::min<std::uint64_t>(total_ - sent_, 1 + random.below(buffer.size()));
      for (std::size_t i = 0; i < count; ++i) buffer[i] = pattern(sends_, sent_ + i);
      const std::size_t taken = connection_->write({buffer.data(), count});
      sent_ += taken;
      if (taken < count) return;
    }
  }

  void finish() {
    transport_.release(*connection_);
    connection_ = nullptr;
  }

  Transport& transport_;
  Connection* connection_;
  std::uint64_t sends_;
  std::uint64_t expects_;
  std::uint64_t total_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  bool closed_ = false;
  bool failed_ = false;
  bool intact_ = true;
};

}  // namespace sluice::net::test
