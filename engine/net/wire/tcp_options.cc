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

TcpOptions parse_tcp_options(ByteView octets) noexcept {
  TcpOptions options;
  if (is_plain_timestamps(octets)) {
    read_option(octets.data() + 2, 10, options);
    return options;
  }
  while (!octets.empty() && octets[0] != kEnd) {
    if (octets[0] == kNop) {
      octets = octets.subspan(1);
      continue;
    }
    if (octets.size() < 2 || octets[1] < 2 || octets[1] > octets.size()) break;
    read_option(octets.data(), octets[1], options);
    octets = octets.subspan(octets[1]);
  }
  return options;
}

std::uint32_t write_tcp_options(std::uint8_t* at, const TcpOptions& options) noexcept {
  std::uint8_t* const begin = at;
  auto put = [&at](std::initializer_list<std::uint8_t> octets) {
    at = std::copy(octets.begin(), octets.end(), at);
  };
  if (options.mss != 0)
    put({kMss, 4, static_cast<std::uint8_t>(options.mss >> 8),
         static_cast<std::uint8_t>(options.mss)});
  if (options.sack_permitted) {
    if (!options.has_timestamps) put({kNop, kNop});
    put({kSackPermitted, 2});
  }
  if (options.has_timestamps) {
    if (!options.sack_permitted) put({kNop, kNop});
    put({kTimestamps, 10});
    store32(at, options.timestamp_value);
    store32(at + 4, options.timestamp_echo);
    at += 8;
  }
  if (options.has_window_shift) put({kNop, kWindowScale, 3, options.window_shift});
  if (options.sack_count > 0) {
    put({kNop, kNop, kSack, static_cast<std::uint8_t>(2 + 8 * options.sack_count)});
    for (std::size_t i = 0; i < options.sack_count; ++i, at += 8) {
      store32(at, options.sack[i].left);
      store32(at + 4, options.sack[i].right);
    }
  }
  return static_cast<std::uint32_t>(at - begin);
}

}  // namespace sluice::net
