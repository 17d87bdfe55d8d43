// RFC 9293 3.10.7.4, seventh and eighth: the payload and the FIN.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// When packets run short, connections that do not read what they have get nothing more: the peers
// send it again later.
bool Tcp::refuses_data(const Tcb& tcb) const noexcept {
  return !tcb.received.empty() && pool_.available() <= pool_size_ / kReserveForReads;
}

Tcp::Life Tcp::take_payload(Tcb& tcb, Segment& segment) noexcept {
  if (!can_receive(tcb.tcp_state))
    return Life::on;  // after the peer's FIN there is nothing to come
  Packet& packet = *segment.packet;
  if (tcb.orphan && after(packet.sequence + packet.length, tcb.rcv_nxt)) {
    // RFC 1122 4.2.2.13: nobody will read it, and the peer must know that it is lost.
    send_reset_for(segment);
    finish(tcb);
    return Life::over;
  }
  note_arrival(tcb, packet.length);
  const Sequence first = packet.sequence;
  if (!trim_to_window(tcb, packet) || refuses_data(tcb)) return Life::on;
  if (packet.sequence == tcb.rcv_nxt) {
    // Of several duplicate parts only the first is told (RFC 2883 4).
    const SackBlock rest{packet.sequence, packet.sequence + packet.length};
    if (packet.sequence == first && tcb.received.has_gap()) note_duplicate(tcb, rest);
    take_in_sequence(tcb, std::move(segment.packet));
  } else {
    take_beyond_gap(tcb, std::move(segment.packet));
  }
  return Life::on;
}

// Cuts off what is here already, which is told as a duplicate (RFC 2883 4), and what lies beyond
// the window or the peer's FIN. False: nothing is left.
bool Tcp::trim_to_window(Tcb& tcb, Packet& packet) noexcept {
  if (before(packet.sequence, tcb.rcv_nxt)) {
    const std::uint32_t known = std::min(tcb.rcv_nxt - packet.sequence, packet.length);
    sack_report(tcb).duplicate({packet.sequence, packet.sequence + known});
    ack_at_once(tcb);
    packet.trim_front(known);
    packet.sequence += known;
  }
  const std::uint32_t offset = packet.sequence - tcb.rcv_nxt;
  packet.length = std::min(packet.length, tcb.receive_space() - offset);
  const bool after_fin = tcb.fin_seen && after(packet.sequence + packet.length, tcb.rcv_fin);
  if (after_fin)
    packet.length -= std::min(packet.length, packet.sequence + packet.length - tcb.rcv_fin);
  return packet.length > 0;
}

void Tcp::take_in_sequence(Tcb& tcb, PacketPtr packet) noexcept {
  const bool had_gap = tcb.received.has_gap();
  tcb.rcv_nxt = packet->sequence + packet->length;
  if (tcb.read_shut) {
    packet.reset();
  } else {
    tcb.received.append(std::move(packet));
  }
  if (had_gap) {  // RFC 5681 4.2: an ACK at once when a gap fills
    tcb.rcv_nxt = tcb.received.join(tcb.rcv_nxt);
    sack_report(tcb).advance(tcb.rcv_nxt);
    tcb.ack_now = true;
    if (tcb.read_shut) tcb.received.clear_unread();
  }
  mark_output(tcb);
  mark_ready(tcb);
}

// RFC 5681 4.2: a duplicate ACK at once for each, so that the sender can count them. Its window has
// to grow again afterwards, so the next segments are not kept waiting for their ACKs either.
void Tcp::take_beyond_gap(Tcb& tcb, PacketPtr packet) noexcept {
  const SackBlock block{packet->sequence, packet->sequence + packet->length};
  const SackBlock known = note_duplicate(tcb, block);
  const bool complete = known.left == block.left && known.right == block.right;
  const std::uint32_t window = tcb.options.receive_buffer;
  const bool room = !tcb.read_shut && pool_.available() > pool_size_ / kReserveForWrites;
  if (complete || (room && tcb.received.store(std::move(packet), window)))
    sack_report(tcb).arrived(block);
  if (options_.quick_ack) tcb.quick_acks = kQuickAcks;
  send_ack(tcb);
}

// RFC 2883 4: the first part of `block` that is stored beyond a gap already.
SackBlock Tcp::note_duplicate(Tcb& tcb, SackBlock block) noexcept {
  const SackBlock known = tcb.received.overlap(block);
  if (known.left != known.right) sack_report(tcb).duplicate(known);
  return known;
}

void Tcp::ack_at_once(Tcb& tcb) noexcept {
  tcb.ack_now = true;
  mark_output(tcb);
}

// Remembers where the peer ends, even beyond a gap.
void Tcp::take_fin(Tcb& tcb, const Segment& segment) noexcept {
  if (!segment.header.has(kFin)) return;
  if (tcb.fin_seen) return ack_at_once(tcb);  // our ACK of it was lost
  const Sequence fin = segment.end() - 1;
  if (fin - tcb.rcv_nxt > tcb.receive_space()) return;
  tcb.fin_seen = true;
  tcb.rcv_fin = fin;
  ack_at_once(tcb);  // also beyond a gap, as for data
}

// Everything up to the FIN is here.
Tcp::Life Tcp::reach_fin(Tcb& tcb) noexcept {
  tcb.fin_received = true;
  ++tcb.rcv_nxt;
  if (before(tcb.rcv_adv, tcb.rcv_nxt)) tcb.rcv_adv = tcb.rcv_nxt;
  ack_at_once(tcb);
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
