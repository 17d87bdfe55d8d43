// Zero-window probes (RFC 9293 3.8.6.1), in every state in which something is left to send.
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// The peer's window is closed or too small to be used: at each (ever rarer) timeout use what there
// is of it, or ask.
void Tcp::persist_timeout(Tcb& tcb) noexcept {
  if (no_progress(tcb)) return fail(tcb, NetError::timed_out);
  if (tcb.backoff < kBackoffMax) ++tcb.backoff;
  Packet* packet = tcb.unacknowledged.next_to_send();
  if (packet != nullptr && fit_window(tcb, *packet, true)) {
    transmit(tcb, *packet);
  } else if (packet == nullptr && tcb.fin_queued && !tcb.fin_sent()) {
    send_fin(tcb);
  } else {
    send_window_probe(tcb);
  }
  start_retransmission_timer(tcb);
}

// RFC 9293 3.8.6.1 (MUST-37): a peer that answers may keep its window closed as long as it likes;
// whether that is too long is for the connection's owner to say (RFC 6429). Without an owner the
// user timeout says it, so that nobody can hold our buffers for nothing.
void Tcp::note_probe_answer(Tcb& tcb) noexcept {
  if (tcb.snd_wnd == 0 && tcb.snd_nxt == tcb.snd_una && !tcb.orphan) tcb.progress_ms = now_ms();
}

// The number of an octet that the peer has already: it must answer with its window. No new octet is
// spent, so that nothing has to be cut or sent again.
void Tcp::send_window_probe(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (packet) emit(tcb, std::move(packet), tcb.snd_una - 1, kAck);
}

}  // namespace sluice::net::tcp
