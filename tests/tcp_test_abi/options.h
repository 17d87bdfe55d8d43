// The configuration of an instance as text. Keys: sack ts ecn quickack rack tlp csum idle_restart
// (0 or 1), wscale (shift; 0: not offered), delack_ms rto_min_ms rto_init_ms timewait_ms
// keepalive_ms, iw (segments), rcvbuf sndbuf (octets), cc (reno or cubic), syncookies (0, 1 or
// auto).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "engine/net/stack.h"

namespace sluice::net::abi {

// Sets what `text` says; the error names the key and what is wrong with it.
std::expected<void, std::string> apply_options(std::string_view text, StackOptions& options);

}  // namespace sluice::net::abi
