#include "engine/net/syn_gate.h"

#include <cstring>

#include "engine/net/tcp/tcp.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/tcp.h"

namespace sluice::net {
namespace {

constexpr std::uint8_t kVersionAndLength = 0x45;  // IPv4 without options
constexpr std::uint16_t kFragmentMask = 0x3fff;   // more fragments, offset

std::uint32_t link_length(bool ethernet, std::uint16_t vlan) noexcept {
  if (!ethernet) return 0;
  return kEthernetHeaderLength + (vlan == 0 ? 0 : kVlanTagLength);
}

}  // namespace

SynGate::SynGate(const StackOptions& options, const Port& port, const AddressTable& addresses,
                 tcp::Tcp& tcp, bool shares_with_kernel, StackCounters& counters)
    : filter_(options.syn_filter),
      addresses_(addresses),
      tcp_(tcp),
      counters_(counters),
      shares_with_kernel_(shares_with_kernel),
      link_length_(link_length(port.capabilities().ethernet, options.vlan)),
      vlan_(options.vlan),
      mac_(port.mac()) {}

std::size_t SynGate::pass(std::span<Packet*> burst) noexcept {
  if (filter_ == nullptr) return burst.size();
  std::size_t kept = 0;
  for (std::size_t done = 0; done < burst.size(); done += SynFilter::kBurst) {
    const auto frames = burst.subspan(done, std::min(SynFilter::kBurst, burst.size() - done));
    Burst syns;
    collect(frames, syns);
    if (syns.count > 0) judge(frames, syns);
    for (Packet* frame : frames)
      if (frame != nullptr) burst[kept++] = frame;
  }
  return kept;
}

void SynGate::collect(std::span<Packet*> frames, Burst& syns) const noexcept {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    Syn syn;
    if (!find_syn(*frames[i], syn) || !is_for_tcp(*frames[i], syn)) continue;
    syns.sources[syns.count] = syn.source;
    syns.frames[syns.count++] = static_cast<std::uint8_t>(i);
  }
}

// A frame that is dropped leaves a hole.
void SynGate::judge(std::span<Packet*> frames, const Burst& syns) noexcept {
  std::array<SynVerdict, SynFilter::kBurst> verdicts;
  filter_->verdicts({syns.sources.data(), syns.count}, verdicts.data());
  for (std::size_t i = 0; i < syns.count; ++i) {
    Packet*& frame = frames[syns.frames[i]];
    if (verdicts[i] == SynVerdict::admit) {
      frame->flags |= kRxSynAdmitted;
    } else if (verdicts[i] == SynVerdict::reset) {
      frame->flags |= kRxSynRefused;
    } else {
      ++counters_.packets_in;
      ++counters_.syns_refused;
      PacketPtr(std::exchange(frame, nullptr)).reset();
    }
  }
}

// The SYN in a frame for us, as far as that can be seen at fixed places of it. One with an ACK
// answers one of ours.
bool SynGate::find_syn(const Packet& frame, Syn& syn) const noexcept {
  if (frame.length < link_length_ + kIpv4HeaderLength + kTcpHeaderLength) return false;
  const std::uint8_t* ip = frame.data + link_length_;
  const bool v4 = ip[0] == kVersionAndLength;
  if (v4) {
    if (ip[9] != kProtocolTcp || (load16(ip + 6) & kFragmentMask) != 0) return false;
    syn.tcp_at = link_length_ + kIpv4HeaderLength;
    syn.source = IpAddress::from_v4(load32(ip + 12));
    syn.destination = IpAddress::from_v4(load32(ip + 16));
  } else {
    if (ip[0] >> 4 != 6 || ip[6] != kProtocolTcp) return false;
    syn.tcp_at = link_length_ + kIpv6HeaderLength;
    if (frame.length < syn.tcp_at + kTcpHeaderLength) return false;
    syn.source = load_ipv6_address(ip + 8);
    syn.destination = load_ipv6_address(ip + 24);
  }
  return (frame.data[syn.tcp_at + kTcpFlagsOffset] & (kSyn | kAck)) == kSyn;
}

// What is not ours is not ours to refuse: another host's, another VLAN's, the kernel's.
bool SynGate::is_for_tcp(const Packet& frame, const Syn& syn) const noexcept {
  if (link_length_ > 0) {
    const std::uint8_t* type = frame.data + link_length_ - 2;
    const bool v4 = syn.source.is_v4();
    if (load16(type) != (v4 ? kEtherTypeIpv4 : kEtherTypeIpv6)) return false;
    if (vlan_ != 0 &&
        (load16(type - 4) != kEtherTypeVlan || (load16(type - 2) & kVlanIdMask) != vlan_))
      return false;
    if (std::memcmp(frame.data, mac_.data(), mac_.size()) != 0) return false;
  }
  if (!addresses_.is_ours(syn.destination)) return false;
  if (!shares_with_kernel_) return true;
  const std::uint8_t* tcp = frame.data + syn.tcp_at;
  return tcp_.takes({syn.destination, load16(tcp + 2)}, {syn.source, load16(tcp)});
}

}  // namespace sluice::net
