// Changes to a TCP segment that keep it well-formed below TCP: lengths and checksums are right
// again afterwards, so that the receiver looks at what was changed.
#pragma once

#include "tests/net_fuzz/choices.h"
#include "tests/net_fuzz/flow_view.h"

namespace sluice::net::test {

// `frame` carries TCP; `flow` has seen it.
void mutate_segment(Frame& frame, const FrameLayout& layout, FlowView& flow, Choices& choices);

}  // namespace sluice::net::test
