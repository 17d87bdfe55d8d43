#include "engine/net/wire/ipv6_chain.h"

namespace sluice::net {
namespace {

enum ExtensionHeader : std::uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kNoNextHeader = 59,
  kDestinationOptions = 60,
};

bool is_extension(std::uint8_t next_header) noexcept {
  return next_header == kHopByHop || next_header == kRouting || next_header == kFragment ||
         next_header == kDestinationOptions;
}

std::uint32_t header_length_of(std::uint8_t type, const std::uint8_t* header) noexcept {
  return type == kFragment ? kFragmentHeaderLength : (header[1] + 1u) * 8;
}

// The least that must follow the chain for the protocol to be judged (RFC 7112 4).
std::uint32_t upper_header_length(std::uint8_t protocol) noexcept {
  switch (protocol) {
    case kProtocolTcp: return 20;
    case kProtocolUdp:
    case kProtocolIcmpv6: return 8;
    default: return 0;
  }
}

Ipv6Chain problem_at(std::uint32_t pointer, std::uint8_t code,
                     bool even_to_group = false) noexcept {
  Ipv6Chain chain;
  chain.end = Ipv6Chain::End::problem;
  chain.code = code;
  chain.pointer = pointer;
  chain.even_to_group = even_to_group;
  return chain;
}

Ipv6Chain silence() noexcept { return {}; }

// RFC 8200 4.2. The two high bits of an option that is not known say what to do; none but the
// paddings is. False: `out` is the end of the chain.
bool options_pass(ByteView packet, std::uint32_t at, std::uint32_t length,
                  Ipv6Chain& out) noexcept {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kPadN = 1;
  const std::uint32_t end = at + length;
  for (at += 2; at < end;) {
    const std::uint8_t type = packet[at];
    if (type == kPad1) {
      ++at;
      continue;
    }
    if (at + 2 > end || at + 2 + packet[at + 1] > end) {
      out = problem_at(at, kErroneousField);
      return false;
    }
    const int action = type >> 6;
    if (type != kPadN && action != 0) {
      out = action == 1 ? silence() : problem_at(at, kUnrecognizedOption, action == 2);
      return false;
    }
    at += 2u + packet[at + 1];
  }
  return true;
}

// RFC 8200 4.4: we are the destination; a route that goes on is one that we do not know, type 0
// among them (RFC 5095 3).
bool routing_passes(ByteView packet, std::uint32_t at, Ipv6Chain& out) noexcept {
  const std::uint8_t segments_left = packet[at + 3];
  if (segments_left == 0) return true;
  out = problem_at(at + 2, kErroneousField);
  return false;
}

FragmentHeader read_fragment(const std::uint8_t* at) noexcept {
  const std::uint16_t word = load16(at + 2);
  return {at[0], static_cast<std::uint16_t>(word & 0xfff8), (word & 1) != 0, load32(at + 4)};
}

class Walk {
 public:
  explicit Walk(ByteView packet) noexcept : packet_(packet), type_(packet[6]) {}

  Ipv6Chain run() noexcept {
    for (std::size_t headers = 0; is_extension(type_); ++headers) {
      const bool too_long = at_ - kIpv6HeaderLength > kExtensionOctetsMax;
      if (headers == kExtensionHeadersMax || too_long) return silence();
      if (!step()) return out_;
    }
    return finish();
  }

 private:
  // One extension header. False: the chain ends with out_.
  bool step() noexcept {
    if (packet_.size() < at_ + 8) return cut_short();
    const std::uint8_t* header = packet_.data() + at_;
    const std::uint32_t length = header_length_of(type_, header);
    if (packet_.size() < at_ + length) return cut_short();
    if (type_ == kHopByHop && at_ != kIpv6HeaderLength) {  // 4.1: only right after the header
      out_ = problem_at(next_header_at_, kUnrecognizedNextHeader);
      return false;
    }
    if (type_ == kRouting && !routing_passes(packet_, at_, out_)) return false;
    const bool has_options = type_ == kHopByHop || type_ == kDestinationOptions;
    if (has_options && !options_pass(packet_, at_, length, out_)) return false;
    if (type_ == kFragment && !take_fragment(header)) return false;
    next_header_at_ = at_;
    type_ = header[0];
    at_ += length;
    return true;
  }

  // An atomic fragment is a packet like others, and the rest of a first one must be seen.
  bool take_fragment(const std::uint8_t* header) noexcept {
    const FragmentHeader fragment = read_fragment(header);
    if (fragment.is_atomic()) return true;
    if (fragment_at_ != 0) return false;  // fragments of fragments
    fragment_at_ = at_;
    out_.fragment = fragment;
    if (fragment.offset == 0) return true;
    out_.end = Ipv6Chain::End::fragment;
    out_.offset = at_;
    return false;
  }

  // RFC 7112 5: the first fragment holds the whole chain.
  bool cut_short() noexcept {
    out_ = fragment_at_ != 0 ? problem_at(0, kIncompleteHeaderChain) : silence();
    return false;
  }

  Ipv6Chain finish() noexcept {
    if (fragment_at_ != 0) {
      if (packet_.size() < at_ + upper_header_length(type_)) {
        cut_short();
        return out_;
      }
      out_.end = Ipv6Chain::End::fragment;
      out_.offset = fragment_at_;
      return out_;
    }
    if (type_ == kNoNextHeader) return silence();
    out_.end = Ipv6Chain::End::upper;
    out_.protocol = type_;
    out_.offset = at_;
    out_.pointer = next_header_at_;
    return out_;
  }

  ByteView packet_;
  std::uint8_t type_;  // of the header at at_
  std::uint32_t at_ = kIpv6HeaderLength;
  std::uint32_t next_header_at_ = 6;  // where type_ was read
  std::uint32_t fragment_at_ = 0;     // of the fragment header, 0 = none
  Ipv6Chain out_;
};

}  // namespace

Ipv6Chain walk_ipv6_chain(ByteView packet) noexcept { return Walk(packet).run(); }

bool is_icmpv6_error(ByteView packet) noexcept {
  std::uint8_t type = packet[6];
  std::uint32_t at = kIpv6HeaderLength;
  for (std::size_t headers = 0; is_extension(type); ++headers) {
    if (headers == kExtensionHeadersMax || packet.size() < at + 8) return false;
    const std::uint8_t* header = packet.data() + at;
    at += header_length_of(type, header);
    type = header[0];
  }
  return type == kProtocolIcmpv6 && packet.size() > at && packet[at] < 128;
}

}  // namespace sluice::net
