#include "tests/support/test_wire.h"

#include <algorithm>

namespace sluice::net::test {
namespace {

constexpr MacAddress mac_of(std::uint8_t side) { return {2, 0, 0, 0, 0, side}; }

}  // namespace

TestWire::TestWire(std::uint64_t seed, const WireOptions& options, std::size_t packets)
    : random_(seed),
      from_a_(timeline_, random_),
      from_b_(timeline_, random_),
      a_(timeline_, mac_of(0), packets),
      b_(timeline_, mac_of(1), packets) {
  a_.feed(from_a_);
  b_.feed(from_b_);
  from_a_.feed(b_);
  from_b_.feed(a_);
  set_options(options);
}

void TestWire::set_options(const WireOptions& options) {
  for (int side : {0, 1}) set_options(side, options);
}

void TestWire::set_options(int side, const WireOptions& options) {
  path(side).set_options(options);
  port(side).transmit_hold = options.transmit_hold;
}

void TestWire::insert(int side, Node& stage) {
  port(side).feed(stage);
  stage.feed(path(side));
}

void TestWire::advance(Instant now) {
  timeline_.advance(now);
  for (SimPort* side : {&a_, &b_}) side->release_sent();
}

Instant TestWire::next_event() const {
  return std::min({timeline_.next(), a_.next_release(), b_.next_release()});
}

}  // namespace sluice::net::test
