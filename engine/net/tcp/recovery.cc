// Loss recovery: when losses count as congestion, how much may be sent meanwhile, when it is over,
// and when it was a mistake.
#include <algorithm>

#include "engine/net/tcp/sack_scoreboard.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

using Phase = Recovery::Phase;

void Tcp::recover(Tcb& tcb, const AckSample& sample) noexcept {
  Recovery& recovery = tcb.recovery;
  undo_if_spurious(tcb, sample);
  const bool over = recovery.on() && sample.advances && at_or_after(tcb.snd_una, recovery.point);
  if (over) leave_recovery(tcb);
  const std::uint32_t lost_before = tcb.unacknowledged.lost();
  detect_losses(tcb, sample);
  const bool found = tcb.unacknowledged.lost() > lost_before;
  if (found && recovery.phase <= Phase::reducing) {
    begin_repair(tcb);
  } else if (sample.marked && recovery.phase == Phase::open) {
    begin_reduction(tcb);
  }
  if (recovery.by_rate()) {
    const bool progress = sample.advances && !found;
    reduce_by_rate(tcb, {sample.delivered, tcb.pipe(), progress});
  } else if (sample.advances && !over) {
    tcb.congestion.on_ack({.acknowledged = sample.acknowledged,
                           .mss = tcb.mss,
                           .una = tcb.snd_una,
                           .sent_end = tcb.snd_nxt,
                           .rtt = sample.rtt,
                           .srtt = microseconds(tcb.rtt.srtt_us),
                           .now = now_});
  }
}

void Tcp::reduce_by_rate(Tcb& tcb, const Prr::Ack& ack) noexcept {
  const std::uint32_t window =
      tcb.recovery.prr.window(ack, tcb.recovery.flight, tcb.congestion.threshold(), tcb.mss);
  tcb.congestion.set_window(window, tcb.mss);
}

// RFC 8985 6.2 step 5 with RACK; else RFC 6675 with SACK; else the third duplicate ACK and RFC
// 6582.
void Tcp::detect_losses(Tcb& tcb, const AckSample& sample) noexcept {
  if (tcb.sack && options_.rack) {
    if (sample.delivered > 0) detect_by_time(tcb);
  } else if (tcb.sack) {
    if (sample.sacked > 0) mark_lost_by_threshold(tcb.unacknowledged, tcb.mss);
  } else {
    detect_by_duplicates(tcb, sample.advances);
  }
}

void Tcp::detect_by_time(Tcb& tcb) noexcept {
  const bool recovering = tcb.recovery.phase >= Phase::repairing;
  const Duration window = tcb.rack.reordering_window(tcb.unacknowledged, tcb.rtt, recovering);
  const Duration wait = tcb.rack.detect_loss(tcb.unacknowledged, window, now_);
  if (wait.ns > 0) {
    arm(tcb, TimerKind::reordering, now_ + wait);
  } else {
    disarm(tcb, TimerKind::reordering);
  }
}

void Tcp::detect_by_duplicates(Tcb& tcb, bool advances) noexcept {
  Packet* first = tcb.unacknowledged.first();
  const Recovery& recovery = tcb.recovery;
  if (first == nullptr || (first->marks & (kSent | kLost)) != kSent) return;
  // RFC 6582 3.2 step 2: not for what was outstanding when the last episode began.
  const bool third = recovery.phase <= Phase::reducing &&
                     recovery.duplicates >= kDuplicateThreshold &&
                     after(tcb.snd_una, recovery.point);
  // Step 3, partial acknowledgment: the next hole is lost too.
  const bool partial = recovery.phase == Phase::repairing && advances;
  if (third || partial) tcb.unacknowledged.mark_lost(*first);
}

// A packet was late by more than the reordering window (RFC 8985 6.3).
void Tcp::on_reordering_timer(Tcb& tcb) noexcept {
  detect_by_time(tcb);
  if (tcb.unacknowledged.lost() == 0) return;
  if (tcb.recovery.phase <= Phase::reducing) begin_repair(tcb);
  if (tcb.recovery.by_rate()) reduce_by_rate(tcb, {0, tcb.pipe(), false});
  start_retransmission_timer(tcb);
  output(tcb);
}

void Tcp::begin_repair(Tcb& tcb) noexcept {
  const bool reduced = tcb.recovery.phase == Phase::reducing;  // once per window is enough
  if (reduced) {
    tcb.recovery.phase = Phase::repairing;
    tcb.recovery.point = tcb.snd_nxt;
    return;
  }
  tcb.recovery.begin(Phase::repairing, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                     tcb.congestion.threshold());
  tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
  disarm(tcb, TimerKind::tail_loss_probe);
}

// RFC 6298 5.4 and RFC 5681 3.1. `first`: no timeout before it without progress between.
void Tcp::enter_timed_out(Tcb& tcb, bool first) noexcept {
  Recovery& recovery = tcb.recovery;
  const bool anew = !recovery.on() || recovery.phase == Phase::reducing;
  if (anew) {
    recovery.begin(Phase::timed_out, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                   tcb.congestion.threshold());
  }
  // Losses of one window are one sign of congestion, and the threshold stays as it is while the
  // timeouts follow each other (RFC 5681 3.1, 4.3).
  if (anew || (recovery.phase == Phase::timed_out && first))
    tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
  recovery.phase = Phase::timed_out;
  recovery.point = tcb.snd_nxt;
  recovery.duplicates = 0;
  recovery.frto = anew && first ? Recovery::Frto::first_ack : Recovery::Frto::off;
  tcb.congestion.on_timeout(tcb.mss);
  // With RACK what was sent only lately may still be on its way (RFC 8985 6.3).
  const bool by_time = tcb.sack && options_.rack && tcb.rtt.srtt_us != 0;
  const Duration late = microseconds(by_time ? tcb.rtt.srtt_us + tcb.rtt.min_us() / 4 : 0);
  tcb.unacknowledged.mark_timed_out((now_ - late).ns);
  tcb.fin_lost = tcb.fin_sent();
}

// The end of the path says that it is full (RFC 3168 6.1.2): as for a loss, once per window.
void Tcp::begin_reduction(Tcb& tcb) noexcept {
  tcb.recovery.begin(Phase::reducing, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                     tcb.congestion.threshold());
  tcb.recovery.may_undo = false;
  tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
  tcb.ecn_reduced = true;
}

void Tcp::leave_recovery(Tcb& tcb) noexcept {
  // RFC 6937 3: the window ends at ssthresh.
  if (tcb.recovery.by_rate()) tcb.congestion.set_window(tcb.congestion.threshold(), tcb.mss);
  if (tcb.recovery.phase >= Phase::repairing) tcb.rack.leave_recovery();
  tcb.recovery.end();
  tcb.recovery.duplicates = 0;
}

// The response of RFC 4015 when what was taken for lost had only been late.
void Tcp::undo_if_spurious(Tcb& tcb, const AckSample& sample) noexcept {
  Recovery& recovery = tcb.recovery;
  bool spurious = sample.duplicate_seen && recovery.duplicate_confirms(sample.duplicate.left);
  if (recovery.phase >= Phase::repairing && sample.advances && sample.has_echo &&
      sample.retransmission_acked && recovery.echo_confirms(sample.echo))
    spurious = true;
  if (recovery.frto != Recovery::Frto::off && frto_finds_spurious(tcb, sample)) spurious = true;
  if (!spurious) return;
  ++counters_.recoveries_undone;
  recovery.may_undo = false;
  tcb.congestion.restore(recovery.prior_cwnd, recovery.prior_ssthresh);
  tcb.unacknowledged.restore_lost();
  recovery.end();
}

// F-RTO (RFC 5682 3.1): after a timeout only the first packet goes out again. When its ACK leaves
// something open, new data is sent (step 2b); if the next ACK delivers what was sent only once
// before the timeout (step 3b), nothing was lost, and the rest need not be sent again.
bool Tcp::frto_finds_spurious(Tcb& tcb, const AckSample& sample) noexcept {
  Recovery& recovery = tcb.recovery;
  if (recovery.frto == Recovery::Frto::second_ack) {
    recovery.frto = Recovery::Frto::off;
    return sample.original_acked;
  }
  const Packet* fresh = tcb.unacknowledged.next_to_send();
  const bool goes_on = sample.advances && before(tcb.snd_una, recovery.point) && fresh != nullptr &&
                       fresh->sequence - tcb.snd_una < tcb.snd_wnd;
  recovery.frto = goes_on ? Recovery::Frto::second_ack : Recovery::Frto::off;
  return false;
}

}  // namespace sluice::net::tcp
