// Text to Script. A script that is not understood throws SyntaxError.
#pragma once

#include "tests/tcp_script/cursor.h"
#include "tests/tcp_script/model.h"

namespace sluice::script {

Script parse(const std::string& path, const std::string& text);

// The parts, each from where the cursor stands.
Time parse_time(Cursor& in);
Call parse_call(Cursor& in);
TcpPacket parse_tcp(Cursor& in, bool inbound);
IcmpPacket parse_icmp(Cursor& in);

}  // namespace sluice::script
