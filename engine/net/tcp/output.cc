// What leaves at flush(): data as the windows allow (RFC 9293 3.8.6.2.1, RFC 5681), the FIN after
// it, and an ACK when nothing else carried it.
#include <algorithm>
#include <cstring>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

void Tcp::output(Tcb& tcb) noexcept {
  if (!is_synchronized(tcb.tcp_state)) return;
  const bool idle = tcb.snd_max == tcb.snd_una && tcb.last_sent.ns != 0 &&
                    now_ - tcb.last_sent > tcb.rtt.timeout(0);
  if (idle) tcb.congestion.on_idle();
  const bool sent_data = send_data(tcb);
  const bool fin_due =
      tcb.fin_queued && tcb.unacknowledged.next_to_send() == nullptr && !tcb.fin_sent();
  const bool sent_fin = fin_due && send_fin(tcb);
  const bool waits = tcb.unacknowledged.next_to_send() != nullptr || fin_due;
  if ((sent_data || sent_fin || waits) && !tcb.due.armed(TimerKind::retransmission))
    set_timer_for_state(tcb);
  acknowledge(tcb);
}

bool Tcp::send_data(Tcb& tcb) noexcept {
  bool sent = false;
  while (Packet* packet = tcb.unacknowledged.next_to_send()) {
    if (!tx_.has_room()) tx_.flush();
    if (!tx_.has_room()) {
      mark_output(tcb);
      break;
    }
    if (!fit_window(tcb, *packet, false) || !transmit(tcb, *packet)) break;
    tcb.unacknowledged.sent_next();
    sent = true;
  }
  return sent;
}

// May this packet go now? A packet that is larger than the window or the segment size is cut; but
// a small window is only used up when it is half of the largest one seen, or at the peer's last
// chance (`overriding`), against silly windows.
bool Tcp::fit_window(Tcb& tcb, Packet& packet, bool overriding) noexcept {
  if (packet.sequence_length > tcb.mss && !tcb.unacknowledged.split(packet, tcb.mss)) return false;
  const std::uint32_t offset = packet.sequence - tcb.snd_una;
  const std::uint32_t end = offset + packet.sequence_length;
  if (tcb.flight() > 0 && end > tcb.congestion.allowance()) return false;
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
  if ((packet.marks & kSent) != 0) {
    packet.marks |= kSentTwice;
    ++counters_.segments_retransmitted;
  }
  packet.marks |= kSent;
  packet.sent_ns = now_.ns;
  const Sequence end = packet.sequence + packet.sequence_length;
  const bool last = end == tcb.unacknowledged.end();
  std::uint8_t flags = kAck;
  if (last) flags |= kPsh;
  if (last && tcb.fin_queued) flags |= kFin;
  note_sent(tcb, end + (last && tcb.fin_queued ? 1 : 0));
  tcb.last_sent = now_;
  emit(tcb, std::move(frame), packet.sequence, flags);
  return true;
}

void Tcp::note_sent(Tcb& tcb, Sequence end) noexcept {
  tcb.snd_nxt = std::max(tcb.snd_nxt, end, before);
  tcb.snd_max = std::max(tcb.snd_max, end, before);
}

bool Tcp::send_fin(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (!packet) return false;
  const Sequence fin = tcb.unacknowledged.end();
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
  return emit(tcb, std::move(packet), tcb.iss,
              answers ? std::uint8_t{kSyn | kAck} : std::uint8_t{kSyn});
}

// An octet that the peer has already: it must answer with its window (RFC 9293 3.8.6.1). No new
// octet is spent, so that nothing has to be cut or sent again.
void Tcp::send_window_probe(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (packet) emit(tcb, std::move(packet), tcb.snd_una - 1, kAck);
}

}  // namespace sluice::net::tcp
