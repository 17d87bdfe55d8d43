// RFC 9293 3.10.7.4, fifth: the ACK field. What it delivers goes to the scoreboard and to the
// estimates here; what follows for the congestion window is recovery.cc's.
#include <algorithm>

#include "engine/net/tcp/sack_scoreboard.h"
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

Tcp::Life Tcp::take_ack(Tcb& tcb, Segment& segment) noexcept {
  if (tcb.tcp_state == TcpState::syn_received && !accept_syn_ack(tcb, segment)) return Life::over;
  // RFC 5961 5.2: an ACK outside (SND.UNA - MAX.SND.WND .. SND.NXT) is not from our peer's present.
  const Sequence oldest = tcb.snd_una - tcb.snd_wnd_max;
  if (after(segment.ack(), tcb.snd_nxt) || before(segment.ack(), oldest)) {
    send_challenge_ack(tcb);
    return Life::over;  // drop the segment
  }
  if (at_or_after(segment.ack(), tcb.snd_una)) take_current_ack(tcb, segment);
  take_window(tcb, segment);
  note_probe_answer(tcb);
  return advance_close(tcb);
}

// The last step of the handshake. False: not an answer to our SYN.
bool Tcp::accept_syn_ack(Tcb& tcb, Segment& segment) noexcept {
  const bool answers = after(segment.ack(), tcb.iss) && at_or_before(segment.ack(), tcb.snd_nxt);
  if (!answers) {
    send_reset_for(segment);
    return false;
  }
  // When the SYN-ACK of a cookie went out is not known.
  if (tcb.backoff == 0 && tcb.last_sent.ns != 0)
    tcb.rtt.sample(now_ - tcb.last_sent, options_.rto_min);
  tcb.snd_una = tcb.iss + 1;
  tcb.snd_wnd = tcb.snd_wnd_max = static_cast<std::uint32_t>(segment.header.window)
                                  << tcb.snd_shift;
  tcb.snd_wl1 = segment.seq();
  tcb.snd_wl2 = segment.ack();
  establish(tcb);
  return true;
}

void Tcp::take_current_ack(Tcb& tcb, const Segment& segment) noexcept {
  note_application_limit(tcb);
  AckSample sample = sample_for(tcb, segment);
  const bool has_blocks = tcb.sack && segment.options.sack_count > 0;
  if (!sample.advances && !has_blocks && !sample.repeats && !sample.marked) return;
  if (has_blocks || sample.marked || (sample.repeats && !tcb.sack)) begin_episode(tcb);
  const bool writer_waits = tcb.wants_write;
  if (sample.advances) advance_una(tcb, segment.ack(), sample);
  if (has_blocks) take_sack(tcb, segment, sample);
  if (!tcb.sack && tcb.episode != nullptr) count_duplicates(tcb, sample);
  measure(tcb, sample);
  take_probe_ack(tcb, sample);
  if (tcb.episode != nullptr) {
    recover(tcb, *tcb.episode, sample);
  } else if (sample.advances) {
    grow_window(tcb, sample);
  }
  update_model(tcb, sample);
  if (sample.advances) {
    set_timer_for_state(tcb);
    if (writer_waits && tcb.unacknowledged.octets() <= tcb.options.send_buffer / 2) mark_ready(tcb);
    end_episode_if_over(tcb);
  }
  if (!tcb.unacknowledged.empty() || tcb.fin_queued) mark_output(tcb);
}

AckSample Tcp::sample_for(Tcb& tcb, const Segment& segment) noexcept {
  AckSample sample;
  sample.now_ns = now_.ns;
  sample.rtt_min_ns = std::int64_t{tcb.rtt.min_us()} * 1'000;
  sample.highest = tcb.episode != nullptr ? tcb.episode->rack.highest_delivered() : tcb.snd_una;
  sample.has_echo = tcb.timestamps && segment.options.timestamp_echo != 0;
  sample.echo = segment.options.timestamp_echo;
  sample.timestamp_base = tcb.ts_offset;
  sample.point = tcb.recovery().point;
  sample.advances = after(segment.ack(), tcb.snd_una);
  sample.repeats = !sample.advances && repeats_ack(tcb, segment);
  sample.marked = tcb.ecn && segment.header.has(kEce);
  sample.watcher = model_of(tcb);
  return sample;
}

void Tcp::advance_una(Tcb& tcb, Sequence ack, AckSample& sample) noexcept {
  tcb.snd_una = ack;
  tcb.unacknowledged.acknowledge(ack, sample);
  tcb.backoff = 0;
  tcb.progress_ms = now_ms();
}

// RFC 5681 2: a duplicate ACK has no data, changes no window, and something is outstanding.
bool Tcp::repeats_ack(const Tcb& tcb, const Segment& segment) const noexcept {
  const std::uint32_t window = static_cast<std::uint32_t>(segment.header.window) << tcb.snd_shift;
  return segment.length() == 0 && window == tcb.snd_wnd && tcb.snd_nxt != tcb.snd_una;
}

void Tcp::take_sack(Tcb& tcb, const Segment& segment, AckSample& sample) noexcept {
  std::span<const SackBlock> blocks(segment.options.sack.data(), segment.options.sack_count);
  if (const auto duplicate = duplicate_block(blocks, segment.ack())) {
    // RFC 2883 with RFC 5961 in mind: nothing that old can be a repetition of ours.
    const Sequence oldest = tcb.snd_una - tcb.snd_wnd_max;
    sample.duplicate_seen =
        at_or_after(duplicate->left, oldest) && at_or_before(duplicate->right, tcb.snd_nxt);
    sample.duplicate = *duplicate;
    blocks = blocks.subspan(1);
  }
  take_sack_blocks(tcb.unacknowledged, blocks, tcb.snd_una, tcb.snd_nxt, sample);
}

// Without SACK each duplicate ACK stands for one segment that has arrived (RFC 5681 3.2, RFC 6937
// 3); a cumulative ACK takes back what they stood for.
void Tcp::count_duplicates(Tcb& tcb, AckSample& sample) noexcept {
  std::uint16_t& duplicates = tcb.episode->recovery.duplicates;
  if (sample.repeats) {
    const std::uint32_t room = tcb.unacknowledged.in_flight() / std::max<std::uint32_t>(tcb.mss, 1);
    if (duplicates >= room) return;
    ++duplicates;
    sample.delivered += tcb.mss;
  } else if (sample.acknowledged > 0) {
    const std::uint32_t segments = (sample.acknowledged + tcb.mss - 1) / tcb.mss;
    const std::uint32_t known = std::min<std::uint32_t>(duplicates, segments - 1);
    sample.delivered -= std::min(sample.delivered, known * tcb.mss);
    // In recovery the rest still stands for segments beyond the next hole.
    duplicates = tcb.recovery().on() ? static_cast<std::uint16_t>(duplicates - known) : 0;
  }
}

// Karn's rule by what was sent once (RFC 6298 3), else the echoed timestamp (RFC 7323 4.1), else
// what was SACKed.
void Tcp::measure(Tcb& tcb, AckSample& sample) noexcept {
  const bool in_order = sample.oldest_sent_ns != 0 && !sample.retransmission_acked;
  const std::int64_t newest = in_order ? sample.newest_sent_ns : sample.sacked_sent_ns;
  if (newest != 0) {
    sample.rtt = Duration{now_.ns - newest};
    tcb.rtt.note_minimum(sample.rtt, now_);
  }
  if (in_order) {
    tcb.rtt.sample(Duration{now_.ns - sample.oldest_sent_ns}, options_.rto_min);
  } else if (sample.advances && sample.has_echo) {
    const std::uint32_t ms = timestamp_now(tcb.ts_offset) - sample.echo;
    if (ms < static_cast<std::uint32_t>(kRtoMax.ms()))
      tcb.rtt.sample(milliseconds(ms), options_.rto_min);
  } else if (newest != 0) {
    tcb.rtt.sample(sample.rtt, options_.rto_min);
  }
}

void Tcp::take_window(Tcb& tcb, const Segment& segment) noexcept {
  const bool newer = before(tcb.snd_wl1, segment.seq()) ||
                     (tcb.snd_wl1 == segment.seq() && at_or_before(tcb.snd_wl2, segment.ack()));
  if (!newer || before(segment.ack(), tcb.snd_una)) return;
  const std::uint32_t window = static_cast<std::uint32_t>(segment.header.window) << tcb.snd_shift;
  const bool opened = window > tcb.snd_wnd;
  tcb.snd_wnd = window;
  tcb.snd_wnd_max = std::max(tcb.snd_wnd_max, window);
  tcb.snd_wl1 = segment.seq();
  tcb.snd_wl2 = segment.ack();
  if (opened && tcb.unacknowledged.next_to_send() != nullptr) {
    if (tcb.flight() == 0) tcb.backoff = 0;  // the persist timer's
    mark_output(tcb);
  }
}

// What the acknowledgment of our FIN leads to.
Tcp::Life Tcp::advance_close(Tcb& tcb) noexcept {
  if (!tcb.fin_acknowledged()) return Life::on;
  switch (tcb.tcp_state) {
    case TcpState::fin_wait_1:
      tcb.become(TcpState::fin_wait_2);
      set_timer_for_state(tcb);
      return Life::on;
    case TcpState::closing: enter_time_wait(tcb); return Life::over;
    case TcpState::last_ack: finish(tcb); return Life::over;
    default: return Life::on;
  }
}

}  // namespace sluice::net::tcp
