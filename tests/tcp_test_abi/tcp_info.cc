#include "tests/tcp_test_abi/tcp_info.h"

namespace sluice::net::abi {
namespace {

// include/net/tcp_states.h of Linux, which tcpi_state is made of.
enum LinuxState : std::uint8_t {
  kEstablished = 1,
  kSynSent,
  kSynReceived,
  kFinWait1,
  kFinWait2,
  kTimeWait,
  kClose,
  kCloseWait,
  kLastAck,
  kListen,
  kClosing,
};

std::uint8_t linux_state(const Socket& socket) {
  if (socket.kind == Socket::Kind::listening) return kListen;
  if (socket.tcb == nullptr) return kClose;
  switch (socket.tcb->tcp_state) {
    case tcp::TcpState::closed: return socket.tcb->time_waits ? kTimeWait : kClose;
    case tcp::TcpState::syn_sent: return kSynSent;
    case tcp::TcpState::syn_received: return kSynReceived;
    case tcp::TcpState::established: return kEstablished;
    case tcp::TcpState::fin_wait_1: return kFinWait1;
    case tcp::TcpState::fin_wait_2: return kFinWait2;
    case tcp::TcpState::close_wait: return kCloseWait;
    case tcp::TcpState::closing: return kClosing;
    case tcp::TcpState::last_ack: return kLastAck;
  }
  return kClose;
}

}  // namespace

tcp_info tcp_info_of(const Socket& socket) {
  tcp_info info{};
  info.tcpi_state = linux_state(socket);
  if (socket.tcb == nullptr) return info;
  const tcp::Tcb& tcb = *socket.tcb;
  if (tcb.timestamps) info.tcpi_options |= TCPI_OPT_TIMESTAMPS;
  if (tcb.sack) info.tcpi_options |= TCPI_OPT_SACK;
  info.tcpi_snd_wscale = tcb.snd_shift & 0xf;
  info.tcpi_rcv_wscale = tcb.rcv_shift & 0xf;
  info.tcpi_backoff = tcb.backoff;
  info.tcpi_snd_mss = tcb.mss;
  return info;
}

}  // namespace sluice::net::abi
