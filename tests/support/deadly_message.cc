// Linked into a copy of the command for tests: SLUICE_DEADLY=MID:WORK[:stall] makes work on that
// message (scan, delivery, arrival; MID 0: on any) kill the engine, or never end. The linker puts
// it in the place of InHand::take (--wrap).
#include <csignal>
#include <cstdlib>
#include <string>

#include "queueing/in_hand.h"

using sluice::queueing::InHand;
using sluice::queueing::Work;

namespace {

void strike(sluice::Mid mid, Work work) {
  const char* const wanted = std::getenv("SLUICE_DEADLY");
  if (wanted == nullptr) return;
  for (const sluice::Mid each : {mid, sluice::Mid{0}}) {
    const std::string here =
        std::to_string(each) + ":" + std::string(sluice::queueing::name_of(work));
    for (volatile bool forever = here + ":stall" == wanted; forever;) {
    }
    if (here == wanted) std::raise(SIGKILL);
  }
}

}  // namespace

extern "C" {

// A member function's `this` comes first.
void __real__ZN6sluice8queueing6InHand4takeEmNS0_4WorkEm(InHand*, sluice::Mid, Work, sluice::Icid);

void __wrap__ZN6sluice8queueing6InHand4takeEmNS0_4WorkEm(InHand* in_hand, sluice::Mid mid,
                                                         Work work, sluice::Icid icid) {
  __real__ZN6sluice8queueing6InHand4takeEmNS0_4WorkEm(in_hand, mid, work, icid);
  if (mid != 0) strike(mid, work);
}

}  // extern "C"
