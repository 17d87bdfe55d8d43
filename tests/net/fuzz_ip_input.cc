// The stack below TCP against any packets: ARP, neighbour and router discovery, extension headers,
// fragments, UDP. The input's octets are the numbers that the storm is drawn from.
#include "engine/base/contract.h"
#include "tests/support/ip_storm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::net::test;
  if (size < 1 || size > 4'096) return 0;
  IpScript script([&](net::StackOptions& options) {
    options.router_advertisements = (data[0] & 1) != 0;
    options.detect_conflicts = (data[0] & 2) != 0;
  });
  std::size_t at = 1;
  IpStorm frames([&](std::size_t bound) {
    const std::size_t low = at < size ? data[at++] : 0;
    const std::size_t high = bound > 256 && at < size ? data[at++] : 0;
    return (high << 8 | low) % bound;
  });
  while (at < size) {
    script.inject(frames.frame());
    if (data[at < size ? at : 0] % 4 == 0) script.pass(milliseconds(200));
    script.sent.clear();
  }
  script.pass(seconds(130));
  SLUICE_ASSERT(script.wire.port(0).all_home());
  return 0;
}
