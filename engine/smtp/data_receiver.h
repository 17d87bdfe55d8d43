// The octets of a message out of DATA: removes dot-stuffing, finds <CRLF>.<CRLF> and nothing else as
// the end, and watches for bare CR and LF (RFC 5321 4.1.1.4, 2.3.8; SMTP smuggling).
#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace sluice::smtp {

enum class BareNewlineMode : std::uint8_t { reject, normalise };

}  // namespace sluice::smtp
