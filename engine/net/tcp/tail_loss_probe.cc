// Tail loss probe (RFC 8985 7): when no ACK comes for about two round trips, one segment is sent to
// provoke one, so that a loss at the end of a burst is found by RACK and not by a timeout.
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr Duration kProbeInitial = seconds(1);            // 7.2: without a measured round trip
constexpr Duration kPeerAckDelayMax = milliseconds(200);  // TLP.max_ack_delay

}  // namespace

// 7.2. The probe comes before the timeout; both stay armed, the timer of the probe rings first.
void Tcp::arm_probe(Tcb& tcb) noexcept {
  const SendQueue& queue = tcb.unacknowledged;
  const bool wanted = options_.tlp && tcb.sack && !tcb.recovery().on() && !tcb.probe_out &&
                      queue.sacked() == 0 && tcb.snd_nxt != tcb.snd_una && tcb.snd_wnd > 0 &&
                      tcb.backoff == 0;
  if (!wanted) return disarm(tcb, TimerKind::tail_loss_probe);
  Duration wait =
      tcb.rtt.srtt_us == 0 ? kProbeInitial : microseconds(std::int64_t{2} * tcb.rtt.srtt_us);
  const bool single = queue.oldest_in_flight() == queue.newest_in_flight();
  if (single) wait = wait + kPeerAckDelayMax;
  Instant due = now_ + wait;
  if (tcb.due.armed(TimerKind::retransmission))
    due = std::min(due, tcb.due.due(TimerKind::retransmission, now_));
  arm(tcb, TimerKind::tail_loss_probe, due);
}

// 7.3: new data when there is some, else the last segment once more.
void Tcp::on_probe_timer(Tcb& tcb) noexcept {
  if (tcb.snd_nxt == tcb.snd_una || tcb.recovery().on()) return;
  note_application_limit(tcb);
  Packet* fresh = tcb.unacknowledged.next_to_send();
  const bool is_new = fresh != nullptr && end_of(*fresh) - tcb.snd_una <= tcb.snd_wnd &&
                      fresh->sequence_length <= tcb.mss;
  Packet* probe = is_new ? fresh : tcb.unacknowledged.newest_in_flight();
  const bool sent = probe != nullptr ? probe->sequence_length <= tcb.mss && transmit(tcb, *probe)
                                     : tcb.fin_sent() && send_fin(tcb);
  if (sent) {
    tcb.probe_out = true;
    tcb.probe_resent = !is_new;
    tcb.probe_end = tcb.snd_nxt;
  }
  start_retransmission_timer(tcb);
}

// 7.4.2. Was the probe needed? If the only copy of the last segment had been lost, the probe has
// repaired a loss that RACK never saw, and the window must answer to it.
void Tcp::take_probe_ack(Tcb& tcb, const AckSample& sample) noexcept {
  if (!tcb.probe_out || before(tcb.snd_una, tcb.probe_end)) return;
  const bool repeated = sample.duplicate_seen && sample.duplicate.right == tcb.probe_end;
  if (!tcb.probe_resent || repeated) {
    tcb.probe_out = false;
  } else if (after(tcb.snd_una, tcb.probe_end)) {
    tcb.probe_out = false;
    if (Bbr* model = model_of(tcb)) return model->note_loss();
    if (tcb.congestion.by_model()) return;
    tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
    tcb.congestion.set_window(tcb.congestion.threshold(), tcb.mss);
  } else if (sample.repeats && !sample.duplicate_seen) {
    tcb.probe_out = false;
  }
}

}  // namespace sluice::net::tcp
