#include "tests/net_fuzz/flow_view.h"

#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"

namespace sluice::net::test {
namespace {

std::string key_of(const Frame& frame, const FrameLayout& layout, bool reversed) {
  const std::size_t size = layout.v6 ? 16 : 4;
  const std::uint8_t* source = frame.data() + FrameLayout::kIp + (layout.v6 ? 8 : 12);
  const std::uint8_t* ports = frame.data() + layout.l4;
  std::string key;
  for (const int side : {reversed ? 1 : 0, reversed ? 0 : 1}) {
    const std::uint8_t* address = source + static_cast<std::size_t>(side) * size;
    key.insert(key.end(), address, address + size);
    key.insert(key.end(), ports + 2 * side, ports + 2 * side + 2);
  }
  return key;
}

}  // namespace

void FlowView::observe(const Frame& frame, const FrameLayout& layout) {
  recent.push_back(frame);
  if (recent.size() > kRecent) recent.pop_front();
  if (!layout.is_tcp()) return;
  const auto tcp = parse_tcp(ByteView(frame).subspan(layout.l4));
  if (!tcp) return;
  DirectionView& view = ahead(frame, layout);
  const ByteView written(frame.data() + layout.l4 + kTcpHeaderLength,
                         tcp->header_length - kTcpHeaderLength);
  const TcpOptions options = parse_tcp_options(written);
  if (tcp->has(kSyn)) view.shift = options.window_shift & 15;
  if (options.has_timestamps) view.timestamp = options.timestamp_value;
  const auto length = static_cast<std::uint32_t>(frame.size() - layout.payload);
  view.next = tcp->sequence + length + (tcp->has(kSyn) ? 1 : 0) + (tcp->has(kFin) ? 1 : 0);
  if (tcp->has(kAck)) view.ack = tcp->acknowledgment;
  view.window = static_cast<std::uint32_t>(tcp->window) << (tcp->has(kSyn) ? 0 : view.shift);
}

DirectionView& FlowView::ahead(const Frame& frame, const FrameLayout& layout) {
  return find(key_of(frame, layout, false));
}

DirectionView& FlowView::back(const Frame& frame, const FrameLayout& layout) {
  return find(key_of(frame, layout, true));
}

DirectionView& FlowView::find(const Key& key) {
  if (directions_.size() > kFlows) directions_.clear();
  return directions_[key];
}

}  // namespace sluice::net::test
