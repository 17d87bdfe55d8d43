#include "engine/net/arp.h"

namespace sluice::net {

bool Arp::message_in(ByteView octets, Instant now) noexcept {
  const auto message = parse_arp(octets);
  if (!message || is_group(message->sender_mac)) return false;
  const IpAddress sender = IpAddress::from_v4(message->sender_ip);
  // Our own, come back. The link address alone does not tell: a kernel behind a TAP device shares
  // it with us.
  const bool speaks_as_us = message->sender_ip == 0 || addresses_.find(sender) != nullptr;
  if (message->sender_mac == link_.mac() && speaks_as_us) return true;
  if (finds_conflict(*message, now)) return true;
  const bool for_us = addresses_.is_ours(IpAddress::from_v4(message->target_ip));
  const bool asks_for_us = for_us && message->operation == kArpRequest;
  if (asks_for_us)
    link_.send_arp(
        {kArpReply, link_.mac(), message->target_ip, message->sender_mac, message->sender_ip},
        message->sender_mac);
  if (message->sender_ip == 0) return true;  // a probe: nobody is there yet
  if (asks_for_us) {
    neighbors_.heard(sender, message->sender_mac, now);
  } else {
    const bool answers = for_us && message->operation == kArpReply && neighbors_.is_asked(sender);
    neighbors_.advertised({sender, message->sender_mac, answers, true}, now);
  }
  return true;
}

// Somebody else speaks from our address, or probes for one that we are probing (RFC 5227 2.1.1).
bool Arp::finds_conflict(const ArpMessage& message, Instant now) noexcept {
  const IpAddress sender = IpAddress::from_v4(message.sender_ip);
  const OwnAddress* claimed = addresses_.find(sender);
  if (claimed != nullptr) {
    conflicts_.conflict(sender, now);
    return true;
  }
  const IpAddress target = IpAddress::from_v4(message.target_ip);
  const OwnAddress* wanted = addresses_.find(target);
  const bool both_probe = message.sender_ip == 0 && message.operation == kArpRequest &&
                          wanted != nullptr && wanted->state == AddressState::tentative;
  if (both_probe) conflicts_.conflict(target, now);
  return both_probe;
}

}  // namespace sluice::net
