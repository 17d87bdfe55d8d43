// RFC 9293 3.10.7.4, seventh and eighth: the payload and the FIN.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// When packets run short, connections that do not read what they have get nothing more: the peers
// send it again later.
bool Tcp::refuses_data(const Tcb& tcb) const noexcept {
  return !tcb.received.empty() && pool_.available() <= pool_size_ / kReserveForReads;
}

void Tcp::take_payload(Tcb& tcb, Segment& segment) noexcept {
  if (!can_receive(tcb.tcp_state)) return;  // after the peer's FIN there is nothing to come
  Packet& packet = *segment.packet;
  if (before(packet.sequence, tcb.rcv_nxt)) {
    const std::uint32_t known = tcb.rcv_nxt - packet.sequence;
    if (known >= packet.length) {  // a FIN with old data
      tcb.ack_now = true;
      mark_output(tcb);
      return;
    }
    packet.trim_front(known);
    packet.sequence = tcb.rcv_nxt;
  }
  const std::uint32_t offset = packet.sequence - tcb.rcv_nxt;
  if (packet.length > tcb.receive_space() - offset) packet.length = tcb.receive_space() - offset;
  if (packet.length == 0 || refuses_data(tcb)) return;

  if (offset > 0) {  // beyond a gap: RFC 5681 4.2 wants a duplicate ACK at once
    if (pool_.available() > pool_size_ / kReserveForWrites)
      tcb.received.store(std::move(segment.packet));
    send_ack(tcb);
    return;
  }
  tcb.rcv_nxt += packet.length;
  const bool had_gap = tcb.received.has_gap();
  tcb.received.append(std::move(segment.packet));
  if (had_gap) {  // and an ACK at once when the gap fills
    tcb.rcv_nxt = tcb.received.join(tcb.rcv_nxt);
    tcb.ack_now = true;
  }
  if (tcb.orphan) tcb.received.clear();  // nobody reads it any more
  ++tcb.ack_delayed;
  mark_output(tcb);
  mark_ready(tcb);
}

// Remembers where the peer ends, even beyond a gap.
void Tcp::take_fin(Tcb& tcb, const Segment& segment) noexcept {
  if (!segment.header.has(kFin) || tcb.fin_seen) {
    if (segment.header.has(kFin)) {  // our ACK of it was lost
      tcb.ack_now = true;
      mark_output(tcb);
    }
    return;
  }
  const Sequence fin = segment.end() - 1;
  const bool in_window = fin - tcb.rcv_nxt <= tcb.receive_space();
  if (!in_window) return;
  tcb.fin_seen = true;
  tcb.rcv_fin = fin;
}

// Everything up to the FIN is here.
Tcp::Life Tcp::reach_fin(Tcb& tcb) noexcept {
  tcb.fin_received = true;
  ++tcb.rcv_nxt;
  if (before(tcb.rcv_adv, tcb.rcv_nxt)) tcb.rcv_adv = tcb.rcv_nxt;
  tcb.ack_now = true;
  mark_output(tcb);
  mark_ready(tcb);
  switch (tcb.tcp_state) {
    case TcpState::syn_received:
    case TcpState::established: tcb.become(TcpState::close_wait); return Life::on;
    case TcpState::fin_wait_1:  // ours is not acknowledged yet, else it were FIN-WAIT-2
      tcb.become(TcpState::closing);
      return Life::on;
    case TcpState::fin_wait_2:
      send_ack(tcb);
      enter_time_wait(tcb);
      return Life::over;
    default: return Life::on;
  }
}

}  // namespace sluice::net::tcp
