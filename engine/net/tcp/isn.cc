#include "engine/net/tcp/isn.h"

#include <bit>

namespace sluice::net::tcp {
namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t hash_of(std::uint64_t key0, std::uint64_t key1, const FlowKey& key,
                      std::uint32_t number, std::uint64_t more) noexcept {
  constexpr unsigned kTailOctets = 7;
  const std::uint64_t ports = static_cast<std::uint64_t>(key.local_port) << 16 | key.remote_port;
  const std::uint64_t last = ports << 32 | number;
  if (key.remote.is_v4()) {
    const std::uint64_t hosts = std::uint64_t{key.local.v4()} << 32 | key.remote.v4();
    const std::uint64_t words[] = {hosts, last};
    return siphash(key0, key1, words, more, kTailOctets);
  }
  const auto local = key.local.words();
  const auto remote = key.remote.words();
  const std::uint64_t words[] = {local[0], local[1], remote[0], remote[1], last};
  return siphash(key0, key1, words, more, kTailOctets);
}

std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::span<const std::uint64_t> words,
                      std::uint64_t tail, unsigned tail_octets) noexcept {
  SipState state{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                 key1 ^ 0x7465646279746573};
  for (const std::uint64_t word : words) state.absorb(word);
  constexpr std::uint64_t kTailMask = (std::uint64_t{1} << 56) - 1;
  const std::uint64_t length = words.size() * 8 + tail_octets;
  state.absorb(length << 56 | (tail & kTailMask));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint32_t IsnGenerator::next(const FlowKey& key, Instant now) const noexcept {
  const std::uint64_t hash = hash_of(key0_, key1_, key);
  return static_cast<std::uint32_t>(hash + static_cast<std::uint64_t>(now.ns / 4'000));
}

std::uint32_t IsnGenerator::port_offset(const FlowKey& key) const noexcept {
  return static_cast<std::uint32_t>(hash_of(~key0_, key1_, key));
}

std::uint32_t IsnGenerator::timestamp_offset(const FlowKey& key) const noexcept {
  return static_cast<std::uint32_t>(hash_of(key1_, key0_, key));
}

}  // namespace sluice::net::tcp
