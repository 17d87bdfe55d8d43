// What leaves at flush(): what was lost, then new data as the windows allow (RFC 9293 3.8.6.2.1,
// RFC 5681, RFC 6675 4), the FIN after it, and an ACK when nothing else carried it.
#include <algorithm>
#include <cstring>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::output(Tcb& tcb) noexcept {
  if (!is_synchronized(tcb.tcp_state)) return;
  restart_if_idle(tcb);
  const Sequence sent_before = tcb.snd_nxt;
  send_data(tcb);
  if (fin_due(tcb)) send_fin(tcb);
  const bool waits = tcb.unacknowledged.next_to_send() != nullptr || fin_due(tcb);
  if ((tcb.snd_nxt != tcb.snd_una || waits) && !tcb.due.armed(TimerKind::retransmission))
    start_retransmission_timer(tcb);
  if (tcb.snd_nxt != sent_before) arm_probe(tcb);
  acknowledge(tcb);
}

std::uint32_t Tcp::initial_window(const Tcb& tcb) const noexcept {
  return std::uint32_t{options_.initial_window} * tcb.mss;
}

// RFC 5681 4.1: after more than a timeout without sending the window tells nothing any more.
void Tcp::restart_if_idle(Tcb& tcb) noexcept {
  if (tcb.snd_nxt != tcb.snd_una || tcb.last_sent.ns == 0) return;
  if (tcb.congestion.by_model()) return;  // which has its own memory (draft-ietf-ccwg-bbr 5.4)
  if (options_.idle_restart && now_ - tcb.last_sent > tcb.rtt.timeout(0))
    tcb.congestion.on_idle(initial_window(tcb));
}

// The next packet by the rules of RFC 6675 4, NextSeg: what is lost, lowest first, then new data.
// While F-RTO decides (RFC 5682 step 2b) new data only.
Packet* Tcp::next_segment(const Tcb& tcb) const noexcept {
  Packet* lost = tcb.unacknowledged.next_lost();
  if (lost != nullptr && tcb.recovery().frto != Recovery::Frto::second_ack) return lost;
  return tcb.unacknowledged.next_to_send();
}

void Tcp::send_data(Tcb& tcb) noexcept {
  bool sent = false;
  while (Packet* packet = next_segment(tcb)) {
    if (!tx_.has_room()) tx_.flush();
    if (!tx_.has_room()) {
      mark_output(tcb);
      break;
    }
    const bool again = (packet->marks & kSent) != 0;
    const bool fits = again ? fit_again(tcb, *packet) : fit_window(tcb, *packet, false);
    if (!fits || must_wait(tcb) || !transmit(tcb, *packet)) break;
    sent = true;
  }
  if (!sent) return;
  const std::uint32_t pipe = tcb.pipe();
  tcb.congestion.note_flight(pipe, pipe + tcb.mss > tcb.congestion.window(), tcb.snd_una,
                             tcb.snd_nxt);
}

// May this lost packet go again? RFC 9293 3.8.6.2: what a peer that shrank its window does not take
// any more is not sent again, but for the first.
bool Tcp::fit_again(Tcb& tcb, Packet& packet) noexcept {
  if (packet.sequence_length > tcb.mss && !tcb.unacknowledged.split(packet, tcb.mss)) return false;
  const std::uint32_t offset = packet.sequence - tcb.snd_una;
  if (offset > 0 && offset >= tcb.snd_wnd) return false;
  const std::uint32_t pipe = tcb.pipe();
  return pipe == 0 || pipe + packet.sequence_length <= tcb.congestion.window();
}

// May this new packet go now? A packet that is larger than the window or the segment size is cut;
// but a small window is only used up when it is half of the largest one seen, or at the peer's last
// chance (`overriding`), against silly windows (RFC 9293 3.8.6.2.1).
bool Tcp::fit_window(Tcb& tcb, Packet& packet, bool overriding) noexcept {
  if (packet.sequence_length > tcb.mss && !tcb.unacknowledged.split(packet, tcb.mss)) return false;
  if (!overriding && must_gather(tcb, packet)) return false;
  const std::uint32_t offset = packet.sequence - tcb.snd_una;
  const std::uint32_t end = offset + packet.sequence_length;
  const std::uint32_t pipe = tcb.pipe();
  if (pipe > 0 && pipe + packet.sequence_length > tcb.congestion.window()) return false;
  if (end <= tcb.snd_wnd) return true;
  if (offset >= tcb.snd_wnd) return false;
  const std::uint32_t room = tcb.snd_wnd - offset;
  const bool worthwhile = overriding || room >= tcb.snd_wnd_max / 2;
  return worthwhile && tcb.unacknowledged.split(packet, room);
}

// Sends one packet of the queue without copying it: the device gets a reference. Only when it still
// holds the one of an earlier transmission does a copy go out.
bool Tcp::transmit(Tcb& tcb, Packet& packet) noexcept {
  PacketPtr frame;
  if (pool_.shared(&packet)) {
    frame = allocate();
    if (!frame) return false;
    std::memcpy(frame->data, payload_of(packet), packet.sequence_length);
    frame->length = packet.sequence_length;
  } else {
    packet.trim_front(packet.length - packet.sequence_length);
    pool_.retain(&packet);
    frame = PacketPtr(&packet);
  }
  const bool again = (packet.marks & kSent) != 0;
  if (again) {
    ++counters_.segments_retransmitted;
    if (tcb.recovery().on())
      tcb.episode->recovery.note_retransmission(timestamp_now(tcb.ts_offset));
  } else if (tcb.snd_nxt == tcb.snd_una && tcb.last_sent.ns != 0) {
    tcb.congestion.skip(now_ - tcb.last_sent);
  }
  if (tcb.recovery().by_rate()) tcb.episode->recovery.prr.note_sent(packet.sequence_length);
  const std::uint32_t pipe = tcb.pipe();
  tcb.unacknowledged.mark_sent(packet, now_.ns);
  if (tcb.congestion.by_model()) begin_model(tcb).on_sent(packet, pipe);
  if (again && &packet == tcb.unacknowledged.first()) start_retransmission_timer(tcb);
  const Sequence end = end_of(packet);
  const bool last = end == tcb.unacknowledged.end();
  std::uint8_t flags = kAck;
  if (last) flags |= kPsh;
  if (last && tcb.fin_queued) {
    flags |= kFin;
    tcb.fin_lost = false;
  }
  note_sent(tcb, end + (last && tcb.fin_queued ? 1 : 0));
  tcb.last_sent = now_;
  if (!again) flags |= ecn_of_new_data(tcb);
  // RFC 3168 6.1.5: what is sent again is not marked as capable.
  const bool capable = tcb.ecn && !again;
  emit(tcb, std::move(frame), packet.sequence, flags, capable ? kEcnEct0 : std::uint8_t{0});
  return true;
}

void Tcp::note_sent(Tcb& tcb, Sequence end) noexcept {
  tcb.snd_nxt = std::max(tcb.snd_nxt, end, before);
}

// Everything written has been sent, and the FIN has not or was lost.
bool Tcp::fin_due(const Tcb& tcb) const noexcept {
  return tcb.fin_queued && tcb.unacknowledged.next_to_send() == nullptr &&
         tcb.unacknowledged.next_lost() == nullptr && (!tcb.fin_sent() || tcb.fin_lost);
}

bool Tcp::send_fin(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (!packet) return false;
  const Sequence fin = tcb.unacknowledged.end();
  if (tcb.fin_sent()) ++counters_.segments_retransmitted;
  tcb.fin_lost = false;
  note_sent(tcb, fin + 1);
  tcb.last_sent = now_;
  emit(tcb, std::move(packet), fin, kFin | kAck);
  return true;
}

// SYN, or SYN-ACK in SYN-RECEIVED. False when the peer cannot be reached on the link.
bool Tcp::send_syn(Tcb& tcb) noexcept {
  start_retransmission_timer(tcb);
  PacketPtr packet = allocate();
  if (!packet) return true;
  note_sent(tcb, tcb.iss + 1);
  tcb.last_sent = now_;
  const bool answers = tcb.tcp_state == TcpState::syn_received;
  std::uint8_t flags = kSyn | ecn_of_syn(tcb, answers);
  if (answers) flags |= kAck;
  return emit(tcb, std::move(packet), tcb.iss, flags);
}

}  // namespace sluice::net::tcp
