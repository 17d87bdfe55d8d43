#include "engine/net/tcp/state.h"

#include <iterator>

namespace sluice::net::tcp {
namespace {

struct Arrow {
  TcpState from;
  TcpState to;
};

using enum TcpState;
constexpr Arrow kArrows[] = {
    {closed, syn_sent},        {closed, syn_received},      {syn_sent, syn_received},
    {syn_sent, established},   {syn_received, established}, {syn_received, fin_wait_1},
    {established, fin_wait_1}, {established, close_wait},   {fin_wait_1, fin_wait_2},
    {fin_wait_1, closing},     {close_wait, last_ack},
};

}  // namespace

const char* name(TcpState state) noexcept {
  constexpr const char* kNames[] = {"CLOSED",      "SYN-SENT",   "SYN-RECEIVED",
                                    "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2",
                                    "CLOSE-WAIT",  "CLOSING",    "LAST-ACK"};
  const auto index = static_cast<std::size_t>(state);
  return index < std::size(kNames) ? kNames[index] : "?";
}

bool may_become(TcpState from, TcpState to) noexcept {
  if (to == closed) return true;
  for (const Arrow& arrow : kArrows)
    if (arrow.from == from && arrow.to == to) return true;
  return false;
}

}  // namespace sluice::net::tcp
