// ICMP errors about a packet, as somebody who saw it or guessed it would send them.
#pragma once

#include "tests/net_fuzz/choices.h"
#include "tests/net_fuzz/frame_layout.h"

namespace sluice::net::test {

// An error to the sender of `frame`, which quotes it.
Frame forge_icmp(const Frame& frame, const FrameLayout& layout, Choices& choices);

}  // namespace sluice::net::test
