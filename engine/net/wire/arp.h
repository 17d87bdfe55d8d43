// ARP for IPv4 over Ethernet (RFC 826).
#pragma once

#include "engine/net/wire/ethernet.h"

namespace sluice::net {

inline constexpr std::uint32_t kArpLength = 28;
inline constexpr std::uint16_t kArpRequest = 1;
inline constexpr std::uint16_t kArpReply = 2;

struct ArpMessage {
  std::uint16_t operation = 0;
  MacAddress sender_mac{};
  std::uint32_t sender_ip = 0;  // host order
  MacAddress target_mac{};
  std::uint32_t target_ip = 0;
};

inline std::optional<ArpMessage> parse_arp(ByteView octets) noexcept {
  if (octets.size() < kArpLength) return {};
  const std::uint8_t* at = octets.data();
  const bool ipv4_over_ethernet =
      load16(at) == 1 && load16(at + 2) == kEtherTypeIpv4 && at[4] == 6 && at[5] == 4;
  if (!ipv4_over_ethernet) return {};
  ArpMessage message;
  message.operation = load16(at + 6);
  std::copy_n(at + 8, 6, message.sender_mac.begin());
  message.sender_ip = load32(at + 14);
  std::copy_n(at + 18, 6, message.target_mac.begin());
  message.target_ip = load32(at + 24);
  return message;
}

inline void write_arp(std::uint8_t* at, const ArpMessage& message) noexcept {
  store16(at, 1);
  store16(at + 2, kEtherTypeIpv4);
  at[4] = 6;
  at[5] = 4;
  store16(at + 6, message.operation);
  std::copy_n(message.sender_mac.begin(), 6, at + 8);
  store32(at + 14, message.sender_ip);
  std::copy_n(message.target_mac.begin(), 6, at + 18);
  store32(at + 24, message.target_ip);
}

}  // namespace sluice::net
