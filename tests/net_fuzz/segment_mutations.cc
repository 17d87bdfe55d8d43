#include "tests/net_fuzz/segment_mutations.h"

#include <algorithm>

#include "engine/net/wire/byte_order.h"
#include "engine/net/wire/tcp.h"

namespace sluice::net::test {
namespace {

constexpr std::size_t kFrameMax = 1'514;

struct Segment {
  Frame& frame;
  FrameLayout layout;
  const DirectionView& ahead;
  const DirectionView& back;
  std::uint8_t* tcp() { return frame.data() + layout.l4; }
};

std::uint32_t near(std::uint32_t edge, Choices& choices) {
  const std::uint32_t offsets[] = {0,   1,          UINT32_MAX, 2,          0u - 2,       1'448,
                                   536, 0u - 1'448, 0x80000000, 0x7fffffff, choices.any()};
  return edge + choices.pick(offsets);
}

void change_flags(Segment& segment, Choices& choices) {
  const std::uint8_t flags[] = {kAck,
                                kSyn,
                                kFin | kAck,
                                kRst,
                                kRst | kAck,
                                kSyn | kAck,
                                kSyn | kFin,
                                kSyn | kRst,
                                kFin,
                                0,
                                0x3f,
                                kUrg | kAck,
                                kPsh | kAck | 0xc0,
                                0xc0 | kSyn,
                                static_cast<std::uint8_t>(choices.below(256))};
  segment.tcp()[kTcpFlagsOffset] = choices.pick(flags);
}

// What the receiver expects begins at `back.ack` and ends at the window it offered.
void change_sequence(Segment& segment, Choices& choices) {
  const std::uint32_t edges[] = {segment.back.ack, segment.back.ack + segment.back.window,
                                 segment.ahead.next, 0};
  store32(segment.tcp() + 4, near(choices.pick(edges), choices));
}

// What the receiver has sent ends at `back.next`; what of it is acknowledged, at `ahead.ack`.
void change_acknowledgment(Segment& segment, Choices& choices) {
  const std::uint32_t edges[] = {segment.back.next, segment.ahead.ack,
                                 segment.ahead.ack - segment.ahead.window, 0};
  store32(segment.tcp() + 8, near(choices.pick(edges), choices));
}

void change_window(Segment& segment, Choices& choices) {
  const std::uint16_t windows[] = {
      0, 1, 100, 0x7fff, 0xffff, static_cast<std::uint16_t>(choices.below(0x10000))};
  store16(segment.tcp() + 14, choices.pick(windows));
}

void add_sack(std::vector<std::uint8_t>& options, Segment& segment, Choices& choices) {
  const std::uint32_t blocks = 1 + choices.below(4);
  options.push_back(5);
  options.push_back(static_cast<std::uint8_t>(2 + 8 * blocks));
  for (std::uint32_t i = 0; i < 2 * blocks; ++i) {
    std::uint8_t edge[4];
    const std::uint32_t edges[] = {segment.ahead.ack, segment.back.next};
    store32(edge, near(choices.pick(edges), choices));
    options.insert(options.end(), edge, edge + 4);
  }
}

void add_timestamps(std::vector<std::uint8_t>& options, Segment& segment, Choices& choices) {
  std::uint8_t option[10] = {8, 10};
  store32(option + 2, near(segment.ahead.timestamp, choices));
  store32(option + 6, near(segment.back.timestamp, choices));
  options.insert(options.end(), std::begin(option), std::end(option));
}

std::vector<std::uint8_t> draw_options(Segment& segment, Choices& choices) {
  std::vector<std::uint8_t> options;
  for (std::uint32_t count = choices.below(4); count > 0; --count) {
    const auto octet = static_cast<std::uint8_t>(choices.below(256));
    switch (choices.below(8)) {
      case 0: options.insert(options.end(), {2, 4, 0, octet}); break;  // MSS, small
      case 1: options.insert(options.end(), {3, 3, octet}); break;     // window scale
      case 2: options.insert(options.end(), {4, 2}); break;            // SACK permitted
      case 3: add_sack(options, segment, choices); break;
      case 4: add_timestamps(options, segment, choices); break;
      case 5: options.push_back(octet); break;  // a kind without its length
      case 6: options.insert(options.end(), {octet, 0}); break;
      default: options.insert(options.end(), {octet, 40}); break;
    }
  }
  options.resize(std::min<std::size_t>((options.size() + 3) / 4 * 4, kTcpOptionsMax));
  return options;
}

void change_options(Segment& segment, Choices& choices) {
  const std::vector<std::uint8_t> options = draw_options(segment, choices);
  Frame& frame = segment.frame;
  const auto at = [&frame](std::size_t offset) {
    return frame.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  const std::size_t begin = segment.layout.l4 + kTcpHeaderLength;
  frame.erase(at(begin), at(segment.layout.payload));
  frame.insert(at(begin), options.begin(), options.end());
  frame.resize(std::min(frame.size(), kFrameMax));
  const std::size_t words = (kTcpHeaderLength + options.size()) / 4;
  segment.tcp()[12] = static_cast<std::uint8_t>(words << 4);
}

void change_header_length(Segment& segment, Choices& choices) {
  segment.tcp()[12] = static_cast<std::uint8_t>(choices.below(16) << 4);
}

void change_payload(Segment& segment, Choices& choices) {
  const std::size_t room = kFrameMax - segment.layout.payload;
  segment.frame.resize(segment.layout.payload +
                       choices.below(static_cast<std::uint32_t>(room) + 1));
}

void change_urgent(Segment& segment, Choices& choices) {
  segment.tcp()[kTcpFlagsOffset] |= kUrg;
  store16(segment.tcp() + 18, static_cast<std::uint16_t>(choices.below(0x10000)));
}

}  // namespace

void mutate_segment(Frame& frame, const FrameLayout& layout, FlowView& flow, Choices& choices) {
  using Change = void (*)(Segment&, Choices&);
  static constexpr Change kChanges[] = {change_flags,          change_sequence, change_flags,
                                        change_acknowledgment, change_window,   change_options,
                                        change_header_length,  change_payload,  change_urgent};
  Segment segment{frame, layout, flow.ahead(frame, layout), flow.back(frame, layout)};
  for (std::uint32_t count = 1 + choices.below(3); count > 0; --count) {
    choices.pick(kChanges)(segment, choices);
    const auto again = layout_of(frame);
    fix_lengths(frame, layout);
    if (!again) break;  // the header length is a lie now
    segment.layout = *again;
  }
  fix_checksums(frame, layout);
}

}  // namespace sluice::net::test
