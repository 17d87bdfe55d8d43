// Loss recovery: when losses count as congestion, how much may be sent meanwhile, when it is over,
// and when it was a mistake.
#include <algorithm>

#include "engine/net/tcp/sack_scoreboard.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

using Phase = Recovery::Phase;

Episode& Tcp::begin_episode(Tcb& tcb) noexcept {
  if (tcb.episode == nullptr) tcb.episode = episodes_.acquire(tcb.snd_una);
  return *tcb.episode;
}

void Tcp::end_episode(Tcb& tcb) noexcept {
  if (tcb.episode != nullptr) episodes_.release(*tcb.episode);
  tcb.episode = nullptr;
}

// For a round trip after a recovery a D-SACK may still come, and RFC 6582 looks back.
void Tcp::end_episode_if_over(Tcb& tcb) noexcept {
  if (tcb.episode == nullptr) return;
  const Recovery& recovery = tcb.episode->recovery;
  const bool over = !recovery.on() && after(tcb.snd_una, recovery.kept_until) &&
                    recovery.duplicates == 0 && tcb.unacknowledged.sacked() == 0 &&
                    tcb.episode->sack_report.empty();
  if (over) end_episode(tcb);
}

void Tcp::recover(Tcb& tcb, Episode& episode, const AckSample& sample) noexcept {
  Recovery& recovery = episode.recovery;
  if (tcb.sack) {
    episode.rack.take(sample);
    if (sample.reordering) tcb.reordering.note_reordering();
    tcb.reordering.adapt(sample.duplicate_seen, tcb.snd_una, tcb.snd_nxt);
  }
  undo_if_spurious(tcb, recovery, sample);
  const bool over = recovery.on() && sample.advances && recovery.over_at(tcb.snd_una);
  const bool slowed = over && recovery.by_rate();  // then the window is what it is to be
  if (over) leave_recovery(tcb, recovery);
  const std::uint32_t lost_before = tcb.unacknowledged.lost();
  detect_losses(tcb, episode, sample);
  const bool found = tcb.unacknowledged.lost() > lost_before;
  if (found && recovery.phase <= Phase::reducing) {
    begin_repair(tcb, recovery);
  } else if (sample.marked && recovery.phase == Phase::open) {
    begin_reduction(tcb, recovery);
  }
  if (recovery.by_rate()) {
    const bool progress = sample.advances && !found;
    reduce_by_rate(tcb, recovery, {sample.delivered, tcb.pipe(), progress});
  } else if (sample.advances && !slowed) {
    grow_window(tcb, sample);
  }
}

// What was SACKed before an ACK came for it counted then, if anything did.
void Tcp::grow_window(Tcb& tcb, const AckSample& sample) noexcept {
  if (tcb.congestion.by_model()) return;
  tcb.congestion.on_ack({.acknowledged = std::min(sample.acknowledged, sample.delivered),
                         .mss = tcb.mss,
                         .una = tcb.snd_una,
                         .sent_end = tcb.snd_nxt,
                         .rtt = sample.rtt,
                         .srtt = microseconds(tcb.rtt.srtt_us),
                         .now = now_});
}

void Tcp::reduce_by_rate(Tcb& tcb, Recovery& recovery, const Prr::Ack& ack) noexcept {
  if (tcb.congestion.by_model()) return;
  const std::uint32_t window =
      recovery.prr.window(ack, recovery.flight, tcb.congestion.threshold(), tcb.mss);
  tcb.congestion.set_window(window, tcb.mss);
}

// RFC 8985 6.2 with RACK; else RFC 6675 with SACK; else the third duplicate ACK and RFC 6582.
void Tcp::detect_losses(Tcb& tcb, Episode& episode, const AckSample& sample) noexcept {
  if (tcb.sack && options_.rack) {
    if (sample.delivered > 0) detect_by_time(tcb, episode);
  } else if (tcb.sack) {
    if (sample.sacked > 0) mark_lost_by_threshold(tcb.unacknowledged, tcb.mss, model_of(tcb));
  } else {
    detect_by_duplicates(tcb, sample.advances);
  }
}

void Tcp::detect_by_time(Tcb& tcb, const Episode& episode) noexcept {
  SendQueue& queue = tcb.unacknowledged;
  const bool sure =
      episode.recovery.phase >= Phase::repairing || queue.sacked_packets() >= kDuplicateThreshold;
  const Duration window = tcb.reordering.length(tcb.rtt, sure);
  const Duration wait = episode.rack.detect_loss(queue, window, now_, model_of(tcb));
  if (wait.ns > 0) {
    arm(tcb, TimerKind::reordering, now_ + wait);
  } else {
    disarm(tcb, TimerKind::reordering);
  }
}

void Tcp::detect_by_duplicates(Tcb& tcb, bool advances) noexcept {
  Packet* first = tcb.unacknowledged.first();
  const Recovery& recovery = tcb.recovery();
  if (first == nullptr || (first->marks & (kSent | kLost)) != kSent) return;
  // RFC 6582 3.2 step 2: not for what was outstanding when the last episode began.
  const bool third = recovery.phase <= Phase::reducing &&
                     recovery.duplicates >= kDuplicateThreshold &&
                     after(tcb.snd_una, recovery.point);
  // Step 3, partial acknowledgment: the next hole is lost too.
  const bool partial = recovery.phase == Phase::repairing && advances;
  if (third || partial) tcb.unacknowledged.mark_lost(*first, model_of(tcb));
}

// A packet was late by more than the reordering window (RFC 8985 6.3).
void Tcp::on_reordering_timer(Tcb& tcb) noexcept {
  if (tcb.episode == nullptr) return;
  Recovery& recovery = tcb.episode->recovery;
  const std::uint32_t lost_before = tcb.unacknowledged.lost();
  note_application_limit(tcb);
  detect_by_time(tcb, *tcb.episode);
  if (tcb.unacknowledged.lost() == lost_before) return;
  if (recovery.phase <= Phase::reducing) begin_repair(tcb, recovery);
  if (recovery.by_rate()) reduce_by_rate(tcb, recovery, {0, tcb.pipe(), false});
  start_retransmission_timer(tcb);
  output(tcb);
}

void Tcp::begin_repair(Tcb& tcb, Recovery& recovery) noexcept {
  if (recovery.phase == Phase::reducing) {  // the window goes down already; once is enough
    recovery.phase = Phase::repairing;
    recovery.point = tcb.snd_nxt;
  } else {
    recovery.begin(Phase::repairing, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                   tcb.congestion.threshold());
    respond_to_loss(tcb);
    tcb.ecn_reduced = true;
  }
  disarm(tcb, TimerKind::tail_loss_probe);
  tcb.probe_out = false;  // the loss is known now, and answered
}

// The end of the path says that it is full (RFC 3168 6.1.2): as for a loss, once per window.
void Tcp::begin_reduction(Tcb& tcb, Recovery& recovery) noexcept {
  recovery.begin(Phase::reducing, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                 tcb.congestion.threshold());
  recovery.may_undo = false;
  if (Bbr* model = model_of(tcb)) {
    model->on_mark();
  } else {
    tcb.congestion.on_congestion(tcb.flight(), tcb.mss);
  }
  tcb.ecn_reduced = true;
}

// RFC 6298 5.4 and RFC 5681 3.1. `first`: no timeout before it without progress between.
void Tcp::enter_timed_out(Tcb& tcb, bool first) noexcept {
  Recovery& recovery = begin_episode(tcb).recovery;
  const bool anew = !recovery.on() || recovery.phase == Phase::reducing;
  if (anew) {
    recovery.begin(Phase::timed_out, tcb.snd_una, tcb.snd_nxt, tcb.congestion.window(),
                   tcb.congestion.threshold());
  }
  // Losses of one window are one sign of congestion, and the threshold stays as it is while the
  // timeouts follow each other (RFC 5681 3.1, 4.3).
  if (anew || (recovery.phase == Phase::timed_out && first)) respond_to_loss(tcb);
  recovery.phase = Phase::timed_out;
  recovery.point = tcb.snd_nxt;
  recovery.duplicates = 0;
  recovery.frto = anew && first ? Recovery::Frto::first_ack : Recovery::Frto::off;
  tcb.congestion.on_timeout(tcb.mss);
  tcb.ecn_reduced = true;
  // With RACK what was sent only lately may still be on its way (RFC 8985 6.3).
  const bool by_time = tcb.sack && options_.rack && tcb.rtt.srtt_us != 0;
  const Duration late = microseconds(by_time ? tcb.rtt.srtt_us + tcb.rtt.min_us() / 4 : 0);
  Bbr* const model = model_of(tcb);
  tcb.unacknowledged.mark_timed_out((now_ - late).ns, model);
  if (model != nullptr) {
    model->on_timeout(tcb.pipe());
    follow_model(tcb, *model);
  }
  tcb.fin_lost = tcb.fin_sent();
  tcb.probe_out = false;
}

void Tcp::leave_recovery(Tcb& tcb, Recovery& recovery) noexcept {
  if (tcb.congestion.by_model()) {
    if (Bbr* model = model_of(tcb)) model->end_recovery();
  } else if (recovery.by_rate()) {  // RFC 6937 3: the window ends at ssthresh
    tcb.congestion.set_window(tcb.congestion.threshold(), tcb.mss);
  }
  if (recovery.phase >= Phase::repairing) tcb.reordering.leave_recovery();
  recovery.end(tcb.snd_nxt);
  recovery.duplicates = 0;
}

}  // namespace sluice::net::tcp
