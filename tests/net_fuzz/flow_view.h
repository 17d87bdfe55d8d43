// What an observer on the wire knows of the flows that pass: the edges of each one's windows.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "tests/net_fuzz/frame_layout.h"

namespace sluice::net::test {

// One direction of a flow.
struct DirectionView {
  std::uint32_t next = 0;    // after the last number sent
  std::uint32_t ack = 0;     // the last acknowledgment number sent
  std::uint32_t window = 0;  // offered, scaled
  std::uint8_t shift = 0;
  std::uint32_t timestamp = 0;  // the last value sent
};

class FlowView {
 public:
  void observe(const Frame& frame, const FrameLayout& layout);
  // The direction in which the frame goes, and the other one.
  DirectionView& ahead(const Frame& frame, const FrameLayout& layout);
  DirectionView& back(const Frame& frame, const FrameLayout& layout);

  std::deque<Frame> recent;  // frames that passed, the newest last

 private:
  static constexpr std::size_t kRecent = 32;
  static constexpr std::size_t kFlows = 64;
  using Key = std::string;  // addresses and ports as on the wire
  DirectionView& find(const Key& key);

  std::map<Key, DirectionView> directions_;
};

}  // namespace sluice::net::test
