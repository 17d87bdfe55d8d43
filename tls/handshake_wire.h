// The wire of a session whose handshake runs away from its connection: a copy of the octets that
// the connection has next, and room for those the handshake wants sent. The handshake takes what it
// needs; the rest was never taken from the connection, so nothing has to be given back.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "engine/base/byte_stream.h"

namespace sluice::tls {

class HandshakeWire final : public ByteStream {
 public:
  static constexpr std::size_t kInputMax = 4'096;    // a ClientHello and then some
  static constexpr std::size_t kOutputMax = 16'384;  // a server's flight with its certificates

  // For the handshake.
  ByteView readable() noexcept override { return ByteView(input_).first(lent_).subspan(taken_); }
  void consume(std::size_t count) noexcept override { taken_ += count; }
  bool read_finished() const noexcept override { return finished_ && taken_ == lent_; }
  std::size_t write(ByteView octets) noexcept override {
    const std::size_t count = std::min(octets.size(), kOutputMax - written_);
    std::copy_n(octets.begin(), count, output_.begin() + static_cast<std::ptrdiff_t>(written_));
    written_ += count;
    return count;
  }

  // For the owner of the connection.
  void clear() noexcept {
    lent_ = taken_ = written_ = sent_ = 0;
    finished_ = false;
  }
  // `finished`: the peer sends no more than these.
  void lend(ByteView octets, bool finished) noexcept {
    lent_ = std::min(octets.size(), kInputMax);
    std::copy_n(octets.begin(), lent_, input_.begin());
    finished_ = finished && lent_ == octets.size();
    taken_ = 0;
  }
  // How many of the lent octets the handshake has used; they are to be consumed now.
  std::size_t settle() noexcept {
    lent_ = 0;
    return std::exchange(taken_, 0);
  }
  ByteView output() const noexcept { return ByteView(output_).first(written_).subspan(sent_); }
  void output_sent(std::size_t count) noexcept {
    sent_ += count;
    if (sent_ == written_) sent_ = written_ = 0;
  }

 private:
  std::array<std::uint8_t, kInputMax> input_;
  std::array<std::uint8_t, kOutputMax> output_;
  std::size_t lent_ = 0, taken_ = 0;
  std::size_t written_ = 0, sent_ = 0;
  bool finished_ = false;
};

}  // namespace sluice::tls
