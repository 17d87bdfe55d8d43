// A stage of the wire that changes, repeats, holds back, cuts and forges what two honest stacks say
// to each other.
#pragma once

#include "tests/net_fuzz/choices.h"
#include "tests/net_fuzz/flow_view.h"

namespace sluice::net::test {

class PacketMutator final : public Node {
 public:
  // Forged answers go to `back`, the receiver of the other direction. Both directions share `flow`.
  PacketMutator(Timeline& timeline, Choices& choices, FlowView& flow, Node& back)
      : timeline_(timeline), choices_(choices), flow_(flow), back_(back) {}

  void take(Frame frame) override;

  std::uint64_t taken() const { return taken_; }  // frames
  bool active = true;
  std::uint32_t one_in = 3;  // frames that something happens to

 private:
  void mutate(Frame frame, const FrameLayout& layout);
  void send_in_pieces(const Frame& frame, const FrameLayout& layout);
  void send_later(Frame frame);
  void send_old();
  void damage(Frame& frame);
  void change_ip_header(Frame& frame, const FrameLayout& layout);

  Timeline& timeline_;
  Choices& choices_;
  FlowView& flow_;
  Node& back_;
  std::uint64_t taken_ = 0;
};

}  // namespace sluice::net::test
