// Two stacks that talk honestly while everything between them is mutated. What they transfer is not
// checked, since a mutated segment may be a valid one; what is checked is that nothing crashes and
// that afterwards, when every timer has run out, nothing is left.
#pragma once

#include <string>

#include "tests/net_fuzz/packet_mutator.h"
#include "tests/support/two_stacks.h"

namespace sluice::net::test {

class MutatedSession {
 public:
  // The wire and the options of the stacks come from `seed`, everything else from `choices`.
  MutatedSession(std::uint64_t seed, Choices& choices);

  void step();
  // The mutation ends, the applications let go. Empty when nothing is left, else what is.
  std::string end();
  std::uint64_t packets() const { return from_a_.taken() + from_b_.taken(); }

 private:
  struct Side {
    Transport* stack;
    std::vector<Endpoint> remotes;  // of the other side
    std::vector<Connection*> open;
  };

  void work(Side& side);
  void take_ready(Side& side);
  void act(Side& side);
  void act_on(Side& side, std::size_t index);
  void let_go(Side& side, std::size_t index);
  std::string left_over(int number);

  Choices& choices_;
  TwoStacks world_;
  FlowView flow_;
  PacketMutator from_a_;
  PacketMutator from_b_;
  Side a_;
  Side b_;
};

}  // namespace sluice::net::test
