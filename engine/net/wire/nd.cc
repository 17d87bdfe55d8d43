#include "engine/net/wire/nd.h"

#include "engine/net/wire/ipv6.h"

namespace sluice::net {
namespace {

constexpr std::size_t kNeighborFixed = 24;  // octets before the options
constexpr std::size_t kRouterAdvertFixed = 16;
constexpr std::uint32_t kRouterSolicitFixed = 8;
constexpr std::uint32_t kLinkLayerOption = 8;  // of Ethernet (RFC 2464 6)

enum OptionType : std::uint8_t {
  kSourceLinkLayer = 1,
  kTargetLinkLayer = 2,
  kPrefixInformation = 3,
  kMtu = 5,
};

// Calls take(option) for each; false when one has length zero or does not fit (4.6: discard all).
template <typename Take>
bool for_each_option(ByteView options, Take&& take) noexcept {
  while (!options.empty()) {
    if (options.size() < 2) return false;
    const std::size_t length = options[1] * std::size_t{8};
    if (length == 0 || length > options.size()) return false;
    take(options.first(length));
    options = options.subspan(length);
  }
  return true;
}

std::optional<MacAddress> link_layer_of(ByteView option) noexcept {
  if (option.size() != kLinkLayerOption) return {};
  MacAddress mac;
  std::copy_n(option.data() + 2, mac.size(), mac.begin());
  return mac;
}

void take_prefix(ByteView option, RouterAdvertisement& advert) noexcept {
  if (option.size() != 32 || option[2] > 128 || advert.prefix_count == kPrefixesPerAdvert) return;
  PrefixInformation& prefix = advert.prefixes[advert.prefix_count++];
  prefix.prefix = {load_ipv6_address(option.data() + 16), option[2]};
  prefix.on_link = (option[3] & 0x80) != 0;
  prefix.autonomous = (option[3] & 0x40) != 0;
  prefix.valid_s = load32(option.data() + 4);
  prefix.preferred_s = load32(option.data() + 8);
}

std::uint32_t put_link_layer(std::uint8_t* at, std::uint8_t type,
                             const std::optional<MacAddress>& mac) noexcept {
  if (!mac) return 0;
  at[0] = type;
  at[1] = 1;
  std::copy(mac->begin(), mac->end(), at + 2);
  return kLinkLayerOption;
}

}  // namespace

std::optional<NeighborMessage> parse_neighbor_message(ByteView icmp) noexcept {
  if (icmp.size() < kNeighborFixed || icmp[1] != 0) return {};
  NeighborMessage message;
  message.type = icmp[0];
  const bool solicitation = message.type == kNdNeighborSolicitation;
  if (!solicitation && message.type != kNdNeighborAdvertisement) return {};
  if (!solicitation) {
    message.router = (icmp[4] & 0x80) != 0;
    message.solicited = (icmp[4] & 0x40) != 0;
    message.overrides = (icmp[4] & 0x20) != 0;
  }
  message.target = load_ipv6_address(icmp.data() + 8);
  if (message.target.octets[0] == 0xff) return {};
  const std::uint8_t wanted = solicitation ? kSourceLinkLayer : kTargetLinkLayer;
  const bool sound = for_each_option(icmp.subspan(kNeighborFixed), [&](ByteView option) {
    if (option[0] == wanted) message.mac = link_layer_of(option);
  });
  if (!sound) return {};
  return message;
}

std::optional<RouterAdvertisement> parse_router_advertisement(ByteView icmp) noexcept {
  if (icmp.size() < kRouterAdvertFixed || icmp[0] != kNdRouterAdvertisement || icmp[1] != 0)
    return {};
  RouterAdvertisement advert;
  advert.hop_limit = icmp[4];
  advert.lifetime_s = load16(icmp.data() + 6);
  advert.reachable_ms = load32(icmp.data() + 8);
  advert.retransmit_ms = load32(icmp.data() + 12);
  const bool sound = for_each_option(icmp.subspan(kRouterAdvertFixed), [&](ByteView option) {
    if (option[0] == kSourceLinkLayer) advert.mac = link_layer_of(option);
    if (option[0] == kMtu && option.size() == 8) advert.mtu = load32(option.data() + 4);
    if (option[0] == kPrefixInformation) take_prefix(option, advert);
  });
  if (!sound) return {};
  return advert;
}

std::uint32_t write_neighbor_message(std::uint8_t* at, const NeighborMessage& message) noexcept {
  const int flags =
      (message.router ? 0x80 : 0) | (message.solicited ? 0x40 : 0) | (message.overrides ? 0x20 : 0);
  at[0] = message.type;
  at[1] = 0;
  store16(at + 2, 0);
  store32(at + 4, static_cast<std::uint32_t>(flags) << 24);
  store_ipv6_address(at + 8, message.target);
  const std::uint8_t option =
      message.type == kNdNeighborSolicitation ? kSourceLinkLayer : kTargetLinkLayer;
  return kNeighborFixed + put_link_layer(at + kNeighborFixed, option, message.mac);
}

std::uint32_t write_router_solicitation(std::uint8_t* at,
                                        const std::optional<MacAddress>& mac) noexcept {
  std::fill_n(at, kRouterSolicitFixed, std::uint8_t{0});
  at[0] = kNdRouterSolicitation;
  return kRouterSolicitFixed + put_link_layer(at + kRouterSolicitFixed, kSourceLinkLayer, mac);
}

}  // namespace sluice::net
