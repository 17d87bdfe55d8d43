// Packets and times in the notation of scripts, for the trace and for failures.
#pragma once

#include "tests/tcp_script/model.h"

namespace sluice::script {

std::string seconds_text(std::int64_t us);  // "0.100000"
std::string flags_text(std::uint8_t flags);
std::string text_of(const TcpPacket& packet);  // "> S. 0:0(0) ack 1 win 65535 <mss 1460,…>"
std::string text_of(const IcmpPacket& packet);

}  // namespace sluice::script
