// When an ACK goes out that no data carries (RFC 9293 3.8.6.3), the window in it (3.8.6.2.2), and
// the limits on ACKs to what is unacceptable (RFC 5961 7).
#include <algorithm>

#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {

// `payload` octets of new data have come. A segment larger than what we announced was put together
// from several on its way.
void Tcp::note_arrival(Tcb& tcb, std::uint32_t payload) noexcept {
  const std::uint32_t one = std::min<std::uint32_t>(payload, announced_mss(tcb));
  tcb.rcv_mss = std::max(tcb.rcv_mss, static_cast<std::uint16_t>(one));
}

// At once: when asked for, as soon as more than one full-sized segment waits for it, and for the
// first segments of a connection, whose sender is in slow start. But a short one before we have
// said anything is a request, and its answer will carry the ACK.
void Tcp::acknowledge(Tcb& tcb) noexcept {
  const std::uint32_t unacknowledged = tcb.rcv_nxt - tcb.last_ack;
  const bool request = tcb.snd_nxt == tcb.iss + 1 && unacknowledged < default_mss(tcb.key.remote);
  const bool quick = tcb.quick_acks > 0 && unacknowledged > 0 && !request;
  if (tcb.ack_now || quick || unacknowledged > tcb.rcv_mss) {
    send_ack(tcb);
  } else if (unacknowledged > 0 && !tcb.due.armed(TimerKind::delayed_ack)) {
    arm(tcb, TimerKind::delayed_ack, now_ + options_.delayed_ack);
  }
}

void Tcp::on_delayed_ack_timer(Tcb& tcb) noexcept {
  if (tcb.rcv_nxt != tcb.last_ack || tcb.ack_now) send_ack(tcb);
}

bool Tcp::send_ack(Tcb& tcb) noexcept {
  PacketPtr packet = allocate();
  if (packet) return emit(tcb, std::move(packet), tcb.snd_nxt, kAck);
  tcb.ack_now = true;  // try again when the pool may have recovered
  arm(tcb, TimerKind::delayed_ack, now_ + options_.delayed_ack);
  return false;
}

// Tells the true peer where we are; limited, so that forged segments cost little.
void Tcp::send_challenge_ack(Tcb& tcb) noexcept {
  if (may_challenge(tcb)) send_ack(tcb);
}

bool Tcp::may_challenge(Tcb& tcb) noexcept {
  const auto now_ms = static_cast<std::uint32_t>(now_.ns / 1'000'000);
  if (now_ms - tcb.challenge_ms >= kChallengeMs) {
    tcb.challenge_ms = now_ms;
    tcb.challenges = 0;
  }
  if (tcb.challenges >= kChallengesPerConnection || !stack_may_challenge()) return false;
  ++tcb.challenges;
  return true;
}

// The limit is drawn anew each second: a fixed one could be counted by a stranger to learn what
// happens in connections of others.
bool Tcp::stack_may_challenge() noexcept {
  if (now_ >= challenge_until_) {
    challenge_until_ = now_ + milliseconds(kChallengeMs);
    challenges_left_ =
        static_cast<std::uint32_t>(kChallengesPerStack / 2 + random_.below(kChallengesPerStack));
  }
  if (challenges_left_ == 0) return false;
  --challenges_left_;
  ++counters_.challenge_acks;
  return true;
}

// Never less than was offered before; more only by a worthwhile step, and not while packets run
// short.
std::uint32_t Tcp::offer_window(const Tcb& tcb) const noexcept {
  const std::uint32_t offered = tcb.receive_space();
  const std::uint32_t buffer = tcb.options.receive_buffer;
  const std::uint32_t unread = tcb.received.octets();
  const std::uint32_t room = unread >= buffer ? 0 : buffer - unread;
  const std::uint32_t step = std::min<std::uint32_t>(buffer / 2, announced_mss(tcb));
  const bool short_of_packets = pool_.available() <= pool_size_ / kReserveForReads;
  if (room >= offered + step && !(short_of_packets && unread > 0)) return room;
  // In units of the shift it is rounded up, for the edge must not seem to move back (RFC 7323 2.4).
  const std::uint32_t unit = 1u << tcb.rcv_shift;
  return room > 0 ? (offered + unit - 1) & ~(unit - 1) : offered;
}

// The window can open by a worthwhile step, a quarter of what it can be and two segments: the peer
// must hear of it (RFC 9293 3.8.6.2.2).
void Tcp::consumed(Tcb& tcb) noexcept {
  if (!can_receive(tcb.tcp_state)) return;
  const std::uint32_t buffer = tcb.options.receive_buffer;
  const std::uint32_t widest = std::min<std::uint32_t>(buffer, 0xffffu << tcb.rcv_shift);
  const std::uint32_t unread = std::min(tcb.received.octets(), buffer);
  const std::uint32_t possible = std::min(buffer - unread, widest);
  const std::uint32_t step = std::min(std::max(widest / 4, 2u * tcb.mss), widest / 2);
  if (possible < tcb.receive_space() + step) return;
  tcb.ack_now = true;
  mark_output(tcb);
}

}  // namespace sluice::net::tcp
