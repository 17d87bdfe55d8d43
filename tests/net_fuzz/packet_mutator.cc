#include "tests/net_fuzz/packet_mutator.h"

#include <algorithm>

#include "engine/net/wire/byte_order.h"
#include "tests/net_fuzz/forged_icmp.h"
#include "tests/net_fuzz/segment_mutations.h"

namespace sluice::net::test {
namespace {

constexpr std::uint32_t kLaterMsMax = 2'000;   // for a frame that is held back
constexpr std::uint32_t kPieceUnitsMax = 100;  // of 8 octets, of a fragment
constexpr std::uint32_t kDuplicatesMax = 4;

}  // namespace

void PacketMutator::take(Frame frame) {
  ++taken_;
  const auto layout = layout_of(frame);
  if (layout) flow_.observe(frame, *layout);
  if (!active || !choices_.one_in(one_in)) return pass(std::move(frame));
  if (layout) return mutate(std::move(frame), *layout);
  if (choices_.one_in(4)) damage(frame);  // ARP
  pass(std::move(frame));
}

void PacketMutator::mutate(Frame frame, const FrameLayout& layout) {
  if (choices_.one_in(2)) pass(frame);  // what is changed comes in addition
  switch (choices_.below(12)) {
    case 0: break;
    case 1: return;  // lost, unless it was in addition
    case 2: return send_in_pieces(frame, layout);
    case 3: return send_later(std::move(frame));
    case 4: send_old(); break;
    case 5: back_.take(forge_icmp(frame, layout, choices_)); break;
    case 6: damage(frame); break;
    case 7: change_ip_header(frame, layout); break;
    case 8:
      for (std::uint32_t copies = choices_.below(kDuplicatesMax); copies > 0; --copies) pass(frame);
      break;
    default:
      if (layout.is_tcp()) mutate_segment(frame, layout, flow_, choices_);
  }
  pass(std::move(frame));
}

// In any order, some of them lost, repeated or overlapping others.
void PacketMutator::send_in_pieces(const Frame& frame, const FrameLayout& layout) {
  const std::uint32_t identification = choices_.below(4);
  const std::size_t size = 8 * (1 + choices_.below(kPieceUnitsMax));
  std::vector<Frame> pieces = fragments_of(frame, layout, size, identification);
  if (choices_.one_in(4)) {
    const std::size_t other = 8 * (1 + choices_.below(kPieceUnitsMax));
    for (Frame& piece : fragments_of(frame, layout, other, identification))
      pieces.push_back(std::move(piece));
  }
  while (!pieces.empty()) {
    const std::size_t at = choices_.below(static_cast<std::uint32_t>(pieces.size()));
    if (!choices_.one_in(16)) pass(pieces[at]);
    if (choices_.one_in(16)) continue;  // again
    pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(at));
    if (choices_.exhausted()) return;
  }
}

void PacketMutator::send_later(Frame frame) {
  if (next_ != nullptr)
    timeline_.at(timeline_.now() + milliseconds(choices_.below(kLaterMsMax)), *next_,
                 std::move(frame));
}

void PacketMutator::send_old() {
  if (flow_.recent.empty()) return;
  pass(flow_.recent[choices_.below(static_cast<std::uint32_t>(flow_.recent.size()))]);
}

// Octets or the end of the frame, with nothing made right afterwards.
void PacketMutator::damage(Frame& frame) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  if (choices_.one_in(2)) return frame.resize(choices_.below(size));
  for (std::uint32_t count = 1 + choices_.below(3); count > 0; --count)
    frame[choices_.below(size)] = static_cast<std::uint8_t>(choices_.below(256));
}

// One field of the IP header becomes something else; checksums are right afterwards.
void PacketMutator::change_ip_header(Frame& frame, const FrameLayout& layout) {
  const auto length = static_cast<std::uint32_t>(layout.l4 - FrameLayout::kIp);
  const std::size_t at = FrameLayout::kIp + choices_.below(length);
  const std::uint8_t values[] = {0,    1,    0x45,
                                 0x60, 0xff, static_cast<std::uint8_t>(choices_.below(256))};
  frame[at] = choices_.pick(values);
  fix_checksums(frame, layout);
}

}  // namespace sluice::net::test
