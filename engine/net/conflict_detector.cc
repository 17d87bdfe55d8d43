#include "engine/net/conflict_detector.h"

#include "engine/net/wire/ethernet.h"

namespace sluice::net {
namespace {

// RFC 5227 1.1
constexpr Duration kProbeWait = seconds(1);
constexpr std::uint8_t kProbes = 3;
constexpr Duration kProbeMin = seconds(1);
constexpr Duration kProbeMax = seconds(2);
constexpr Duration kAnnounceWait = seconds(2);
constexpr std::uint8_t kAnnouncements = 2;
constexpr Duration kAnnounceInterval = seconds(2);
constexpr Duration kDefendInterval = seconds(10);
// RFC 4862 5.1, RFC 4861 10
constexpr Duration kSolicitationDelay = seconds(1);
constexpr std::uint8_t kSolicitations = 1;
constexpr Duration kSolicitationWait = seconds(1);

}  // namespace

ConflictDetector::ConflictDetector(AddressTable& addresses, LinkOutput& link, TimerWheel& wheel,
                                   Random& random, StackCounters& counters, bool enabled)
    : addresses_(addresses),
      link_(link),
      wheel_(wheel),
      random_(random),
      counters_(counters),
      enabled_(enabled && link.ethernet()) {
  for (Detection& detection : detections_) {
    detection.detector = this;
    detection.timer.owner = &detection;
    detection.timer.callback = [](Timer& timer, Instant now) {
      Detection& fired = *static_cast<Detection*>(timer.owner);
      fired.detector->step(fired, now);
    };
  }
}

void ConflictDetector::start_all(Instant now) noexcept {
  for (OwnAddress& own : addresses_.all()) start(own, now);
}

void ConflictDetector::start(OwnAddress& own, Instant now) noexcept {
  own.state = enabled_ ? AddressState::tentative : AddressState::preferred;
  if (!enabled_) return;
  Detection* detection = find(own.address());
  if (detection == nullptr) detection = find(IpAddress{});
  if (detection == nullptr) return;  // as many as there are addresses, so that one is free
  detection->address = own.address();
  detection->probes = detection->announcements = 0;
  detection->defended = {};
  const Duration most = own.address().is_v4() ? kProbeWait : kSolicitationDelay;
  wheel_.set(detection->timer, now + random_up_to(most));
}

ConflictDetector::Detection* ConflictDetector::find(const IpAddress& address) noexcept {
  for (Detection& detection : detections_)
    if (detection.address == address) return &detection;
  return nullptr;
}

// Probe, probe again, wait, use and announce, announce again.
void ConflictDetector::step(Detection& detection, Instant now) noexcept {
  OwnAddress* own = addresses_.find(detection.address);
  if (own == nullptr) {
    detection.address = IpAddress{};
    return;
  }
  const bool v4 = own->address().is_v4();
  const std::uint8_t probes = v4 ? kProbes : kSolicitations;
  if (detection.probes < probes) {
    probe(own->address());
    const bool last = ++detection.probes == probes;
    const Duration wait = v4 ? kAnnounceWait : kSolicitationWait;
    const Duration next = kProbeMin + random_up_to(kProbeMax - kProbeMin);
    return wheel_.set(detection.timer, now + (last ? wait : next));
  }
  if (own->state == AddressState::tentative) own->state = AddressState::preferred;
  if (own->state == AddressState::duplicate) return;
  announce(own->address());
  if (++detection.announcements < kAnnouncements)
    wheel_.set(detection.timer, now + kAnnounceInterval);
}

void ConflictDetector::conflict(const IpAddress& address, Instant now) noexcept {
  OwnAddress* own = addresses_.find(address);
  if (own == nullptr || own->state == AddressState::duplicate) return;
  ++counters_.address_conflicts;
  Detection* detection = find(address);
  if (own->state == AddressState::tentative) {  // RFC 4862 5.4.5, RFC 5227 2.1.1
    own->state = AddressState::duplicate;
    if (detection != nullptr) detection->timer.cancel();
    return;
  }
  // RFC 5227 2.4 (c): a server keeps its address and says so, not more often than this.
  if (!address.is_v4() || detection == nullptr) return;
  if (detection->defended.ns != 0 && now - detection->defended < kDefendInterval) return;
  detection->defended = now;
  announce(address);
}

void ConflictDetector::probe(const IpAddress& address) noexcept {
  if (address.is_v4()) {  // RFC 5227 2.1.1: the sender's address is zero
    link_.send_arp({kArpRequest, link_.mac(), 0, MacAddress{}, address.v4()}, kBroadcastMac);
  } else {  // RFC 4862 5.4.2: from the unspecified address, without our link-layer address
    const IpAddress group = solicited_node(address);
    link_.send_nd({.target = address}, IpAddress{}, group, multicast_mac(group));
  }
}

void ConflictDetector::announce(const IpAddress& address) noexcept {
  if (address.is_v4()) {  // RFC 5227 2.3
    link_.send_arp({kArpRequest, link_.mac(), address.v4(), MacAddress{}, address.v4()},
                   kBroadcastMac);
  } else {  // RFC 4861 7.2.6
    link_.send_nd({.type = kNdNeighborAdvertisement,
                   .overrides = true,
                   .target = address,
                   .mac = link_.mac()},
                  address, kAllNodes, multicast_mac(kAllNodes));
  }
}

Duration ConflictDetector::random_up_to(Duration most) noexcept {
  return {static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most.ns)))};
}

}  // namespace sluice::net
