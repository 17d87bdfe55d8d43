// TCP options: MSS (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018).
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::net {

inline constexpr std::uint8_t kWindowShiftMax = 14;  // RFC 7323 2.3
inline constexpr std::uint8_t kSackBlocksMax = 4;
inline constexpr std::uint32_t kTimestampOptionLength = 12;  // with two NOPs

struct SackBlock {
  std::uint32_t left = 0;   // first sequence number of the block
  std::uint32_t right = 0;  // the one after its last
};

struct TcpOptions {
  std::uint16_t mss = 0;  // 0 = not given
  bool has_window_shift = false;
  std::uint8_t window_shift = 0;
  bool sack_permitted = false;
  bool has_timestamps = false;
  std::uint32_t timestamp_value = 0;
  std::uint32_t timestamp_echo = 0;
  std::uint8_t sack_count = 0;
  std::array<SackBlock, kSackBlocksMax> sack;
};

// Into empty options. One with a wrong length ends the parse; what was read before it stands.
void read_tcp_options(ByteView octets, TcpOptions& options) noexcept;
inline TcpOptions parse_tcp_options(ByteView octets) noexcept {
  TcpOptions options;
  read_tcp_options(octets, options);
  return options;
}

// The length of the options as they are written: a multiple of 4, at most kTcpOptionsMax.
std::uint32_t tcp_options_length(const TcpOptions& options) noexcept;

// Returns that length.
std::uint32_t write_tcp_options(std::uint8_t* at, const TcpOptions& options) noexcept;

}  // namespace sluice::net
