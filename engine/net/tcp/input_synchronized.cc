// RFC 9293 3.10.7.4: segments for SYN-RECEIVED and the synchronized states, in the order of its
// checks, with the stricter ones of RFC 5961 and PAWS (RFC 7323 5).
#include "engine/net/tcp/tcp.h"

namespace sluice::net::tcp {
namespace {

constexpr std::int64_t kTimestampValidMs = 24LL * 24 * 3'600 * 1'000;  // RFC 7323 5.5

}  // namespace

void Tcp::input_synchronized(Tcb& tcb, Segment& segment) noexcept {
  if (tcb.tcp_state == TcpState::syn_received && segment.header.has(kSyn) &&
      segment.seq() == tcb.irs) {
    if (!segment.header.has(kAck)) return repeat_syn_ack(tcb);
    strip_syn(segment);  // both opened at once: the ACK in it is news, the SYN is not
  }
  if (segment.header.has(kRst)) return input_reset(tcb, segment);           // second
  if (!acceptable(tcb, segment)) return;                                    // first
  if (segment.header.has(kSyn)) return input_unexpected_syn(tcb, segment);  // fourth
  if (!segment.header.has(kAck)) return;                                    // fifth
  if (tcb.tcp_state == TcpState::syn_received && accept_queue_full(tcb)) {
    ++counters_.dropped_accept_queue;  // the peer, or our SYN-ACK, will ask again
    return;
  }
  if (take_ack(tcb, segment) == Life::over) return;
  take_timestamp(tcb, segment);
  take_ecn(tcb, segment);
  tcb.heard_ms = now_ms();
  // sixth: urgent data is read in line with the rest (RFC 9293 3.8.5, RFC 6093)
  take_fin(tcb, segment);
  if (segment.payload() > 0 && take_payload(tcb, segment) == Life::over) return;        // seventh
  if (tcb.fin_seen && !tcb.fin_received && tcb.rcv_nxt == tcb.rcv_fin) reach_fin(tcb);  // eighth
}

// First: PAWS, then the sequence number. Reports data beyond the window to its sender by an ACK, so
// that one whose ACK was lost goes on; other answers are limited.
bool Tcp::acceptable(Tcb& tcb, Segment& segment) noexcept {
  const Paws paws = check_timestamps(tcb, segment);
  if (paws == Paws::drop) return false;
  if (paws == Paws::pass && (check_sequence(tcb, segment) || open_closed_window(tcb, segment)))
    return true;
  if (segment.payload() == 0) {
    send_challenge_ack(tcb);
    return false;
  }
  const Sequence end = segment.seq() + segment.payload();
  if (before(segment.seq(), tcb.rcv_nxt))
    sack_report(tcb).duplicate({segment.seq(), std::min(end, tcb.rcv_nxt, before)});
  send_ack(tcb);
  return false;
}

// RFC 7323 5.3. RST is exempt, and input_reset() comes before.
Tcp::Paws Tcp::check_timestamps(const Tcb& tcb, const Segment& segment) const noexcept {
  if (!tcb.timestamps) return Paws::pass;
  if (!segment.options.has_timestamps) return Paws::drop;  // 3.2: SHOULD be dropped silently
  if (!before(segment.options.timestamp_value, tcb.ts_recent)) return Paws::pass;  // R1
  const auto age_ms = static_cast<std::uint32_t>(now_.ns / 1'000'000) - tcb.ts_recent_ms;
  return age_ms > kTimestampValidMs ? Paws::pass : Paws::old;
}

// R3, with Last.ACK.sent of 4.3.
void Tcp::take_timestamp(Tcb& tcb, const Segment& segment) noexcept {
  if (!tcb.timestamps || !segment.options.has_timestamps) return;
  if (after(segment.seq(), tcb.last_ack)) return;
  tcb.ts_recent = segment.options.timestamp_value;
  tcb.ts_recent_ms = static_cast<std::uint32_t>(now_.ns / 1'000'000);
}

// RFC 9293 table 6.
bool Tcp::check_sequence(const Tcb& tcb, const Segment& segment) const noexcept {
  const std::uint32_t window = tcb.receive_space();
  const std::uint32_t first = segment.seq() - tcb.rcv_nxt;
  // An empty segment at the right edge is taken too: a peer that filled the window sends its ACKs
  // from there, and they matter.
  if (segment.length() == 0) return first <= window;
  if (window == 0) return false;
  const std::uint32_t last = segment.end() - 1 - tcb.rcv_nxt;
  return first < window || last < window;
}

// 3.10.7.4: nothing fits a closed window, but a valid ACK in what knocks at it counts, and so does
// a FIN without data.
bool Tcp::open_closed_window(Tcb& tcb, Segment& segment) noexcept {
  if (tcb.receive_space() != 0 || segment.seq() != tcb.rcv_nxt) return false;
  if (segment.header.has(kSyn)) return false;
  if (segment.payload() > 0) {
    segment.packet->length = 0;
    segment.header.flags &= static_cast<std::uint8_t>(~kFin);
  }
  tcb.ack_now = true;
  mark_output(tcb);
  return true;
}

// RCV.WND as the buffer has it: what was offered may be less, for 16 bits do not tell all and the
// edge moves by worthwhile steps only. Of a half-open connection only the offer counts.
std::uint32_t Tcp::reset_window(const Tcb& tcb) const noexcept {
  const std::uint32_t offered = tcb.receive_space();
  if (tcb.tcp_state == TcpState::syn_received && tcb.passive()) return offered;
  const std::uint32_t buffer = tcb.options.receive_buffer;
  return std::max(offered, buffer - std::min(buffer, tcb.received.octets()));
}

// RFC 5961 3.2, RFC 9293 3.10.7.4 second.
void Tcp::input_reset(Tcb& tcb, const Segment& segment) noexcept {
  const std::uint32_t offset = segment.seq() - tcb.rcv_nxt;
  if (offset > 0 && offset >= reset_window(tcb)) return;
  if (offset > 0) return send_challenge_ack(tcb);
  const bool opening = tcb.tcp_state == TcpState::syn_received;
  const bool closed_already =
      tcb.tcp_state == TcpState::last_ack || tcb.tcp_state == TcpState::closing;
  if (closed_already && tcb.orphan) return finish(tcb);
  fail(tcb, opening ? NetError::refused : NetError::reset);
}

// RFC 5961 4.2. A half-open connection from LISTEN goes back there (RFC 9293 3.10.7.4 fourth): the
// peer has begun again.
void Tcp::input_unexpected_syn(Tcb& tcb, Segment& segment) noexcept {
  if (tcb.tcp_state != TcpState::syn_received || !tcb.passive()) return send_challenge_ack(tcb);
  finish(tcb);
  input_listen(segment);
}

void Tcp::repeat_syn_ack(Tcb& tcb) noexcept {
  if (may_challenge(tcb)) send_syn(tcb);
}

void Tcp::strip_syn(Segment& segment) noexcept {
  segment.header.flags &= static_cast<std::uint8_t>(~kSyn);
  ++segment.header.sequence;
  ++segment.packet->sequence;
}

}  // namespace sluice::net::tcp
