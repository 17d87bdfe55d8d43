#include "engine/net/wire/tcp_options.h"

#include <algorithm>

#include "engine/net/wire/byte_order.h"

namespace sluice::net {
namespace {

enum OptionKind : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
};

void read_sack(const std::uint8_t* at, std::size_t length, TcpOptions& options) noexcept {
  const std::size_t blocks = (length - 2) / 8;
  options.sack_count = static_cast<std::uint8_t>(std::min<std::size_t>(blocks, kSackBlocksMax));
  for (std::size_t i = 0; i < options.sack_count; ++i)
    options.sack[i] = {load32(at + 2 + 8 * i), load32(at + 6 + 8 * i)};
}

void read_option(const std::uint8_t* at, std::size_t length, TcpOptions& options) noexcept {
  if (at[0] == kMss && length == 4) {
    options.mss = load16(at + 2);
  } else if (at[0] == kWindowScale && length == 3) {
    options.has_window_shift = true;
    options.window_shift = std::min(at[2], kWindowShiftMax);
  } else if (at[0] == kSackPermitted && length == 2) {
    options.sack_permitted = true;
  } else if (at[0] == kTimestamps && length == 10) {
    options.has_timestamps = true;
    options.timestamp_value = load32(at + 2);
    options.timestamp_echo = load32(at + 6);
  } else if (at[0] == kSack && length >= 10) {
    read_sack(at, length, options);
  }
}

// The layout that nearly every segment has: NOP NOP timestamps.
bool is_plain_timestamps(ByteView octets) noexcept {
  return octets.size() == kTimestampOptionLength && octets[0] == kNop && octets[1] == kNop &&
         octets[2] == kTimestamps && octets[3] == 10;
}

}  // namespace

void read_tcp_options(ByteView octets, TcpOptions& options) noexcept {
  if (is_plain_timestamps(octets)) return read_option(octets.data() + 2, 10, options);
  while (!octets.empty() && octets[0] != kEnd) {
    if (octets[0] == kNop) {
      octets = octets.subspan(1);
      continue;
    }
    if (octets.size() < 2 || octets[1] < 2 || octets[1] > octets.size()) break;
    read_option(octets.data(), octets[1], options);
    octets = octets.subspan(octets[1]);
  }
}

std::uint32_t tcp_options_length(const TcpOptions& options) noexcept {
  std::uint32_t words = options.mss != 0 ? 1 : 0;
  if (options.sack_permitted || options.has_timestamps) ++words;
  if (options.has_timestamps) words += 2;
  if (options.has_window_shift) ++words;
  if (options.sack_count > 0) words += 1 + 2 * std::uint32_t{options.sack_count};
  return words * 4;
}

// Word by word: what is shorter shares one with its neighbour or with NOPs.
std::uint32_t write_tcp_options(std::uint8_t* at, const TcpOptions& options) noexcept {
  std::uint8_t* const begin = at;
  const auto put = [&at](std::uint32_t word) {
    store32(at, word);
    at += 4;
  };
  const auto put_octets = [&put](std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                 std::uint32_t d) { put(a << 24 | b << 16 | c << 8 | d); };
  if (options.mss != 0) put(kMss << 24 | 4 << 16 | std::uint32_t{options.mss});
  if (options.sack_permitted && options.has_timestamps) {
    put_octets(kSackPermitted, 2, kTimestamps, 10);
  } else if (options.sack_permitted) {
    put_octets(kNop, kNop, kSackPermitted, 2);
  } else if (options.has_timestamps) {
    put_octets(kNop, kNop, kTimestamps, 10);
  }
  if (options.has_timestamps) {
    put(options.timestamp_value);
    put(options.timestamp_echo);
  }
  if (options.has_window_shift) put_octets(kNop, kWindowScale, 3, options.window_shift);
  if (options.sack_count > 0) {
    put_octets(kNop, kNop, kSack, 2u + 8u * options.sack_count);
    for (std::size_t i = 0; i < options.sack_count; ++i) {
      put(options.sack[i].left);
      put(options.sack[i].right);
    }
  }
  return static_cast<std::uint32_t>(at - begin);
}

}  // namespace sluice::net
