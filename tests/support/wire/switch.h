// An Ethernet switch that learns, so that many hosts share one wire. An output may be a bottleneck
// that leads to another switch.
#pragma once

#include <list>
#include <map>

#include "engine/net/port.h"
#include "tests/support/wire/timeline.h"

namespace sluice::net::test {

class Switch {
 public:
  // A new port that sends to `out`; what is given to the returned node comes in there.
  Node& add_port(Node& out) { return ports_.emplace_back(*this, out); }

 private:
  struct SwitchPort final : Node {
    SwitchPort(Switch& owner_in, Node& out) : owner(owner_in) { feed(out); }
    void take(Frame frame) override { owner.forward(*this, std::move(frame)); }
    void send(Frame frame) { pass(std::move(frame)); }
    Switch& owner;
  };

  void forward(SwitchPort& from, Frame frame);

  std::list<SwitchPort> ports_;
  std::map<MacAddress, SwitchPort*> learned_;
};

}  // namespace sluice::net::test
