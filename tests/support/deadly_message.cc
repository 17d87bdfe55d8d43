// Linked into a copy of the command for tests: SLUICE_DEADLY=MID:WORK[:stall] makes work on that
// message (scan, delivery) kill the engine, or never end.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "queueing/in_hand.h"

namespace {

void strike(sluice::Mid mid, sluice::queueing::Work work) {
  const char* const wanted = std::getenv("SLUICE_DEADLY");
  if (wanted == nullptr) return;
  const std::string here = std::to_string(mid) + ":" + std::string(sluice::queueing::name_of(work));
  if (here + ":stall" == wanted) {
    std::fputs("stalled\n", stderr);
    for (volatile bool forever = true; forever;) {
    }
  }
  if (here == wanted) std::raise(SIGKILL);
}

[[maybe_unused]] const bool kSet = [] {
  sluice::queueing::InHand::on_take = strike;
  return true;
}();

}  // namespace
