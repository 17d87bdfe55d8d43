// Two stacks over a TestWire, with a clock that jumps from event to event: 10.0.0.1 and 10.0.0.2.
#pragma once

#include <functional>

#include "engine/net/stack.h"
#include "tests/support/test_wire.h"

namespace sluice::net::test {

inline constexpr std::uint32_t kAddressA = 0x0a000001;
inline constexpr std::uint32_t kAddressB = 0x0a000002;

inline StackOptions stack_options(std::uint32_t address, std::uint64_t seed) {
  StackOptions options;
  options.addresses = {Prefix{IpAddress::from_v4(address), 24}};
  options.seed = seed;
  options.connections_max = 64;
  return options;
}

class TwoStacks {
 public:
  explicit TwoStacks(std::uint64_t seed = 1, WireOptions wire_options = {},
                     std::function<void(StackOptions&)> adjust = {}, std::size_t packets = 4'096)
      : wire(seed, wire_options, packets) {
    StackOptions for_a = stack_options(kAddressA, seed * 2 + 1);
    StackOptions for_b = stack_options(kAddressB, seed * 2 + 2);
    if (adjust) {
      adjust(for_a);
      adjust(for_b);
    }
    a = make_stack(for_a, wire.port(0), now);
    b = make_stack(for_b, wire.port(1), now);
  }

  // One round of both workers, then time moves to the next event, at most `step_max` ahead.
  template <typename Work>
  void round(Work&& work, Duration step_max = milliseconds(50)) {
    wire.advance(now);
    a->poll(now);
    b->poll(now);
    work();
    a->flush(now);
    b->flush(now);
    Instant next = std::min(wire.next_event(), std::min(a->next_deadline(), b->next_deadline()));
    next = std::clamp(next, now + microseconds(20), now + step_max);
    now = next;
  }

  // Rounds until `done` or `limit` has passed; tells whether it was done.
  template <typename Work, typename Done>
  bool run(Duration limit, Work&& work, Done&& done) {
    const Instant end = now + limit;
    while (!done() && now < end) round(work);
    return done();
  }
  void run_for(Duration span) {
    run(span, [] {}, [] { return false; });
  }

  bool pools_full() {
    for (int side : {0, 1})
      if (wire.port(side).pool().available() != wire.port(side).pool().capacity()) return false;
    return true;
  }

  Instant now = Instant{} + seconds(1);
  TestWire wire;
  std::unique_ptr<Transport> a;
  std::unique_ptr<Transport> b;
};

}  // namespace sluice::net::test
