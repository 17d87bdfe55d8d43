// The commands of the admin socket, JSON in and out:
//   {"command":"status"}                      counters, cycles per stage, queue sizes
//   {"command":"queue.list","from":0,"limit":100}
//   {"command":"queue.show","mid":5}
//   {"command":"sessions","limit":100}        (state, wait, since) of inbound sessions
//   {"command":"destinations"}
//   {"command":"block.add","prefixes":["192.0.2.0/24"],"mode":"drop","seconds":86400}
//   {"command":"block.remove","prefixes":["192.0.2.0/24"]}
//   {"command":"block.list","after":"192.0.2.0/24","limit":100}
//   {"command":"reload"}
// A fault is {"error":"…"}.
#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

class Engine;

std::string run_admin_command(Engine& engine, std::string_view request);

}  // namespace sluice::control
