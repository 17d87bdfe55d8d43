#include "engine/net/tcp/isn.h"

#include <array>
#include <bit>
#include <cstring>

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

std::array<std::uint64_t, 5> words_of(const FlowKey& key) noexcept {
  std::array<std::uint64_t, 5> words{};
  std::memcpy(&words[0], key.local.octets.data(), 16);
  std::memcpy(&words[2], key.remote.octets.data(), 16);
  words[4] = static_cast<std::uint64_t>(key.local_port) << 16 | key.remote_port;
  return words;
}

std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, const std::uint64_t* words,
                      std::size_t count) noexcept {
  SipState state{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                 key1 ^ 0x7465646279746573};
  for (std::size_t i = 0; i < count; ++i) state.absorb(words[i]);
  state.absorb(static_cast<std::uint64_t>(count * 8) << 56);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint32_t IsnGenerator::next(const FlowKey& key, Instant now) const noexcept {
  const auto words = words_of(key);
  const std::uint64_t hash = siphash(key0_, key1_, words.data(), words.size());
  return static_cast<std::uint32_t>(hash + static_cast<std::uint64_t>(now.ns / 4'000));
}

std::uint32_t IsnGenerator::port_offset(const FlowKey& key) const noexcept {
  const auto words = words_of(key);
  return static_cast<std::uint32_t>(siphash(~key0_, key1_, words.data(), words.size()));
}

std::uint32_t IsnGenerator::timestamp_offset(const FlowKey& key) const noexcept {
  const auto words = words_of(key);
  return static_cast<std::uint32_t>(siphash(key1_, key0_, words.data(), words.size()));
}

}  // namespace sluice::net::tcp
