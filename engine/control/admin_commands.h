// The commands of the admin socket, JSON in and out:
//   {"command":"status"}                      counters, cycles per stage, queue sizes
//   {"command":"queue.list", selector…, "worker":0, "cursor":0}   a page; its "next" goes on
//   {"command":"queue.delete"|"queue.requeue", selector…}         the same, and acts on it
//   {"command":"queue.show","mid":5}
//   {"command":"queue.read","mid":5,"offset":0,"size":65536}      octets as hexadecimal digits
//   {"command":"host.list"|"host.status"|"host.recipients"|"host.delete","host":"example.com"}
//   {"command":"mta.pauses"|"mta.directives"|"mta.flush"}
//   {"command":"mta.pause","what":"accept","paused":true}         or "scan", "delivery"
//   {"command":"mta.hold"|"mta.release","host":"example.com"}
//   {"command":"mta.redirect","host":"example.com","to":"backup.example"}
//   {"command":"sessions","limit":100}        (state, wait, since) of inbound sessions
//   {"command":"destinations"}
//   {"command":"block.add","prefixes":["192.0.2.0/24"],"mode":"drop","seconds":86400}
//   {"command":"block.remove","prefixes":["192.0.2.0/24"]}
//   {"command":"block.list","after":"192.0.2.0/24","limit":100}
//   {"command":"certificates"}                what each listener shows, and what is wrong with it
//   {"command":"certificates.reload"}
//   {"command":"reload"}
// A fault is {"error":"…"}. Selectors are those of queue_select.h.
#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

class Engine;

// `by`: the user at the other end.
std::string run_admin_command(Engine& engine, std::string_view request, const std::string& by);

}  // namespace sluice::control
