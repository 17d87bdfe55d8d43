#include "tests/tcp_test_abi/tcp_info.h"

#include <algorithm>

#include "engine/net/tcp/send_marks.h"

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

// TCP_CA_Open and so on.
std::uint8_t linux_recovery(const tcp::Tcb& tcb) {
  using Phase = tcp::Recovery::Phase;
  switch (tcb.recovery().phase) {
    case Phase::open:
      return tcb.unacknowledged.sacked() > 0 || tcb.recovery().duplicates > 0 ? 1 : 0;
    case Phase::reducing: return 2;
    case Phase::repairing: return 3;
    case Phase::timed_out: return 4;
  }
  return 0;
}

std::uint8_t negotiated(const tcp::Tcb& tcb) {
  std::uint8_t options = 0;
  if (tcb.timestamps) options |= TCPI_OPT_TIMESTAMPS;
  if (tcb.sack) options |= TCPI_OPT_SACK;
  if (tcb.window_scaling) options |= TCPI_OPT_WSCALE;
  if (tcb.ecn) options |= TCPI_OPT_ECN;
  return options;
}

std::uint32_t segments(std::uint32_t octets, std::uint32_t mss) {
  return mss == 0 ? 0 : (octets + mss - 1) / mss;
}

// Linux counts a packet as lost until it is acknowledged, also after it was sent again.
void count_packets(const tcp::Tcb& tcb, tcp_info& info) {
  info.tcpi_unacked = segments(tcb.unacknowledged.sent(), tcb.mss);
  info.tcpi_sacked = tcb.unacknowledged.sacked_packets();
  for (const Packet* packet = tcb.unacknowledged.first();
       packet != nullptr && (packet->marks & tcp::kSent) != 0; packet = packet->next) {
    if ((packet->marks & tcp::kSacked) != 0) continue;
    const bool lost = (packet->marks & tcp::kLost) != 0;
    const bool again = (packet->marks & tcp::kRetransmitted) != 0;
    if (again && !lost) ++info.tcpi_retrans;
    if (again || lost) ++info.tcpi_lost;
  }
}

std::uint32_t elapsed_ms(Instant now, Instant since) {
  return since.ns == 0 ? 0 : static_cast<std::uint32_t>((now - since).ms());
}

}  // namespace

tcp_info tcp_info_of(Instance& stack, const Socket& socket) {
  tcp_info info{};
  info.tcpi_state = linux_state(socket);
  if (socket.tcb == nullptr) return info;
  const tcp::Tcb& tcb = *socket.tcb;
  info.tcpi_ca_state = linux_recovery(tcb);
  info.tcpi_options = negotiated(tcb);
  info.tcpi_retransmits = info.tcpi_backoff = tcb.backoff;
  info.tcpi_snd_wscale = tcb.snd_shift & 0xf;
  info.tcpi_rcv_wscale = tcb.rcv_shift & 0xf;
  info.tcpi_rto = tcb.rtt.rto_us;
  info.tcpi_snd_mss = tcb.mss;
  info.tcpi_rcv_mss = tcb.rcv_mss;
  count_packets(tcb, info);
  info.tcpi_last_data_sent = elapsed_ms(stack.now(), tcb.last_sent);
  info.tcpi_last_ack_recv = static_cast<std::uint32_t>(stack.now().ns / 1'000'000) - tcb.heard_ms;
  info.tcpi_rtt = tcb.rtt.srtt_us;
  info.tcpi_rttvar = tcb.rtt.variation_us;
  info.tcpi_min_rtt = tcb.rtt.min_us();
  const bool no_threshold = tcb.congestion.threshold() >= tcp::Congestion::kThresholdMax;
  info.tcpi_snd_ssthresh =
      no_threshold ? 0x7fffffff : tcb.congestion.threshold() / std::max<std::uint32_t>(tcb.mss, 1);
  info.tcpi_snd_cwnd = tcb.congestion.window() / std::max<std::uint32_t>(tcb.mss, 1);
  info.tcpi_advmss = stack.tcp().announced_mss(tcb);
  info.tcpi_notsent_bytes = tcb.unacknowledged.unsent();
  info.tcpi_snd_wnd = tcb.snd_wnd;
  return info;
}

}  // namespace sluice::net::abi
