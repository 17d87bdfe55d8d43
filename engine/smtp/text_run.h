// The search under both directions of DATA: how far a message's text needs no attention.
#pragma once

#include <cstddef>

#include "engine/base/bytes.h"

namespace sluice::smtp {

// Length of the longest prefix of `text` that can be copied as it is: every CR is followed by LF
// and every LF preceded by CR within the prefix, no line of it starts with '.', and it has no NUL.
// at_line_start: the octets before `text` ended with CRLF.
std::size_t plain_run(ByteView text, bool at_line_start) noexcept;

}  // namespace sluice::smtp
