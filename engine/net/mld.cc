#include "engine/net/mld.h"

#include <algorithm>

#include "engine/net/wire/checksum.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/nd.h"

namespace sluice::net {
namespace {

// RFC 3810 5.2.12, 9.1, 9.11
constexpr std::uint8_t kModeIsExclude = 2;
constexpr std::uint8_t kChangeToExclude = 4;
constexpr int kRobustness = 2;
constexpr Duration kUnsolicitedInterval = seconds(1);
constexpr std::uint8_t kHopLimit = 1;  // 5: it stays on the link
constexpr std::size_t kQueryMin = 24;
constexpr std::uint32_t kReportFixed = 8;
constexpr std::uint32_t kRecord = 20;
constexpr IpAddress kMldRouters{{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x16}};
// Hop-by-hop options: router alert for MLD (RFC 2711), padding.
constexpr std::uint8_t kRouterAlert[] = {kProtocolIcmpv6, 0, 5, 2, 0, 0, 1, 0};

// RFC 3810 5.1.3: above 32,767 a small floating-point number.
Duration response_delay(std::uint16_t code) noexcept {
  if (code < 0x8000) return milliseconds(code);
  const int exponent = (code >> 12 & 7) + 3;
  return milliseconds(std::int64_t{(code & 0x0fff) | 0x1000} << exponent);
}

}  // namespace

MulticastListener::MulticastListener(const AddressTable& addresses, LinkOutput& link,
                                     TimerWheel& wheel, Random& random, PacketPool& pool)
    : addresses_(addresses),
      link_(link),
      wheel_(wheel),
      random_(random),
      pool_(pool),
      timer_([](Timer& timer,
                Instant now) { static_cast<MulticastListener*>(timer.owner)->on_timer(now); },
             this) {}

void MulticastListener::joined(Instant now) noexcept {
  if (!addresses_.has_ipv6()) return;
  changes_left_ = kRobustness;
  set_within(kUnsolicitedInterval, now);
}

// RFC 3810 6.2. An answer tells all groups, whichever was asked for.
bool MulticastListener::query_in(ByteView icmp, const IpDatagram& ip, Instant now) noexcept {
  const bool from_router = ip.source.octets[0] == 0xfe && (ip.source.octets[1] & 0xc0) == 0x80;
  if (icmp.size() < kQueryMin || !from_router || ip.hop_limit != kHopLimit) return false;
  asked_ = true;
  if (!timer_.armed()) set_within(response_delay(load16(icmp.data() + 4)), now);
  return true;
}

void MulticastListener::on_timer(Instant now) noexcept {
  report(changes_left_ > 0 ? kChangeToExclude : kModeIsExclude);
  asked_ = asked_ && changes_left_ > 0;
  if (changes_left_ > 0) --changes_left_;
  if (changes_left_ > 0 || asked_) set_within(kUnsolicitedInterval, now);
}

void MulticastListener::report(std::uint8_t record_type) noexcept {
  PacketPtr packet(pool_.allocate());
  if (!packet) return;
  std::uint8_t* at = packet->data;
  std::fill_n(at, kReportFixed, std::uint8_t{0});
  at[0] = kMldReport;
  std::uint16_t records = 0;
  for (const OwnAddress& own : addresses_.all()) {
    if (own.address().is_v4() || own.state == AddressState::duplicate) continue;
    std::uint8_t* record = at + kReportFixed + kRecord * records++;
    std::fill_n(record, 4, std::uint8_t{0});
    record[0] = record_type;
    store_ipv6_address(record + 4, solicited_node(own.address()));
  }
  store16(at + 6, records);
  packet->length = kReportFixed + kRecord * records;
  const IpAddress source = addresses_.link_local();  // 5.2.13: none while that is tentative
  const std::uint16_t pseudo =
      pseudo_header_sum(source, kMldRouters, kProtocolIcmpv6, packet->length);
  store16(at + 2, static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum(packet->bytes()))));
  std::copy(std::begin(kRouterAlert), std::end(kRouterAlert),
            packet->push_front(sizeof kRouterAlert));
  Ipv6Header header;
  header.payload_length = static_cast<std::uint16_t>(packet->length);
  header.next_header = 0;
  header.hop_limit = kHopLimit;
  header.source = source;
  header.destination = kMldRouters;
  write_ipv6(packet->push_front(kIpv6HeaderLength), header);
  link_.send(std::move(packet), multicast_mac(kMldRouters), kEtherTypeIpv6);
}

void MulticastListener::set_within(Duration most, Instant now) noexcept {
  const auto bound = static_cast<std::uint64_t>(std::max<std::int64_t>(most.ns, 1));
  wheel_.set(timer_, now + Duration{static_cast<std::int64_t>(random_.below(bound))});
}

}  // namespace sluice::net
