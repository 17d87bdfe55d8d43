// The states of a connection (RFC 9293 3.3.2). LISTEN is not among them: a listener is an entry of
// the listener table; TIME-WAIT is a small entry of its own (time_wait.h).
#pragma once

#include <cstdint>

namespace sluice::net::tcp {

enum class TcpState : std::uint8_t {
  closed,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
};

const char* name(TcpState state) noexcept;

// The arrows of RFC 9293 figure 5; every state may become closed.
bool may_become(TcpState from, TcpState to) noexcept;

// We may still queue octets for sending.
constexpr bool can_write(TcpState state) noexcept {
  return state == TcpState::established || state == TcpState::close_wait;
}

// The peer may still send octets.
constexpr bool can_receive(TcpState state) noexcept {
  return state == TcpState::established || state == TcpState::fin_wait_1 ||
         state == TcpState::fin_wait_2;
}

// At least ESTABLISHED: data and FIN may be in flight.
constexpr bool is_synchronized(TcpState state) noexcept { return state >= TcpState::established; }

}  // namespace sluice::net::tcp
