#include "tests/tcp_script/flow.h"

#include <algorithm>

#include "tests/tcp_script/print.h"

namespace sluice::script {
namespace {

using Kind = TcpOption::Kind;

const TcpOption* find(const std::vector<TcpOption>& options, Kind kind) {
  for (const TcpOption& option : options)
    if (option.kind == kind) return &option;
  return nullptr;
}

bool equal(const TcpOption& expected, const TcpOption& actual) {
  switch (expected.kind) {
    case Kind::mss: return expected.value == actual.value;
    case Kind::sack: return expected.blocks == actual.blocks;
    case Kind::timestamps: return expected.echo == actual.echo;
    // The shift follows from the size of the buffer, which is not the script's business.
    default: return true;
  }
}

// As sets: their order and padding are the sender's choice.
bool equal_options(const TcpPacket& expected, const TcpPacket& actual) {
  if (expected.any_options) return true;
  if (expected.options.size() != actual.options.size()) return false;
  return std::all_of(expected.options.begin(), expected.options.end(), [&](const TcpOption& want) {
    const TcpOption* got = find(actual.options, want.kind);
    return got != nullptr && equal(want, *got);
  });
}

}  // namespace

TcpPacket Flow::to_wire(const TcpPacket& packet) const {
  TcpPacket wire = packet;
  wire.sequence += kRemoteOffset;
  if ((wire.flags & kAck) != 0) wire.ack = wire.ack.value_or(0) + local_offset();
  for (TcpOption& option : wire.options) {
    for (TcpOption::Block& block : option.blocks) {
      block.start += local_offset();
      block.end += local_offset();
    }
    if (option.kind != Kind::timestamps || !clock_offset_ || option.echo == 0) continue;
    const auto known = clock_.find(option.echo);
    option.echo = known == clock_.end() ? option.echo + *clock_offset_ : known->second;
  }
  return wire;
}

IcmpPacket Flow::to_wire(const IcmpPacket& packet) const {
  IcmpPacket wire = packet;
  wire.sequence += local_offset();
  return wire;
}

TcpPacket Flow::to_script(const TcpPacket& packet, const TcpPacket* expected) {
  TcpPacket told = packet;
  const bool begins = expected != nullptr && (packet.flags & expected->flags & kSyn) != 0;
  if (begins && (!local_offset_ || expected->any_sequence))
    local_offset_ = packet.sequence - expected->sequence;
  // A RST to what belongs to no connection has no number of ours (RFC 9293 3.5.2).
  const bool unrelated = (packet.flags & (kRst | kAck)) == (kRst | kAck) && packet.sequence == 0;
  if (!unrelated) told.sequence -= local_offset();
  if (told.ack) *told.ack -= kRemoteOffset;
  for (TcpOption& option : told.options) {
    for (TcpOption::Block& block : option.blocks) {
      block.start -= kRemoteOffset;
      block.end -= kRemoteOffset;
    }
    if (option.kind != Kind::timestamps) continue;
    const TcpOption* want =
        expected == nullptr ? nullptr : find(expected->options, Kind::timestamps);
    if (want == nullptr) continue;
    if (!clock_offset_) clock_offset_ = option.value - want->value;
    clock_[want->value] = option.value;
  }
  return told;
}

std::string difference(const TcpPacket& expected, const TcpPacket& actual) {
  // PSH is a hint (RFC 9293 3.9.1.2), which senders of several segments set each in their own way.
  const std::uint8_t compared = actual.payload > 0 ? 0xff & ~kPsh : 0xff;
  if ((expected.flags & compared) != (actual.flags & compared)) return "flags";
  if (!expected.any_sequence && expected.sequence != actual.sequence) return "sequence number";
  if (expected.payload != actual.payload) return "length";
  if (expected.ack != actual.ack) return "acknowledgment number";
  // Windows depend on buffers; but a closed one must be closed, and an open one open.
  const bool reset = (expected.flags & kRst) != 0;
  if (expected.window && !reset && (*expected.window == 0) != (*actual.window == 0))
    return "window";
  if (expected.ecn_given && expected.ecn != actual.ecn) return "ECN field";
  if (!equal_options(expected, actual)) return "options";
  return "";
}

}  // namespace sluice::script
