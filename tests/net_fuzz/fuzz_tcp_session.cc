// libFuzzer decides what happens to the packets between two honest stacks and what their sessions
// do.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tests/net_fuzz/mutated_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSizeMax = 8'192;
  constexpr int kStepsMax = 4'000;
  if (size < 2 || size > kSizeMax) return 0;
  sluice::net::test::ByteChoices choices({data + 2, size - 2});
  sluice::net::test::MutatedSession session(data[0] << 8 | data[1], choices);
  for (int steps = 0; steps < kStepsMax && !choices.exhausted(); ++steps) session.step();
  const std::string fault = session.end();
  if (fault.empty()) return 0;
  fmt::print(stderr, "{}\n", fault);
  std::abort();
}
