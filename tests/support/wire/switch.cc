#include "tests/support/wire/switch.h"

#include "engine/net/wire/ethernet.h"

namespace sluice::net::test {

void Switch::forward(SwitchPort& from, Frame frame) {
  const auto header = parse_ethernet(frame);
  if (!header) return;
  learned_[header->source] = &from;
  const bool group = (header->destination[0] & 1) != 0;
  const auto known = group ? learned_.end() : learned_.find(header->destination);
  if (known != learned_.end()) {
    if (known->second != &from) known->second->send(std::move(frame));
    return;
  }
  for (SwitchPort& port : ports_)
    if (&port != &from) port.send(frame);
}

}  // namespace sluice::net::test
