// The transmission control block: one connection, owned by the slab of its Tcp. The names are those
// of RFC 9293 3.3.1; each field says what it means in sequence space. What a segment in sequence
// touches stands first.
#pragma once

#include "engine/base/intrusive_list.h"
#include "engine/base/timer_wheel.h"
#include "engine/net/tcp/congestion.h"
#include "engine/net/tcp/connection_options.h"
#include "engine/net/tcp/episode.h"
#include "engine/net/tcp/flow_table.h"
#include "engine/net/tcp/receive_queue.h"
#include "engine/net/tcp/reordering_window.h"
#include "engine/net/tcp/rtt.h"
#include "engine/net/tcp/send_queue.h"
#include "engine/net/tcp/state.h"
#include "engine/net/tcp/timers.h"
#include "engine/net/transport.h"

namespace sluice::net::tcp {

class Tcp;

inline constexpr Recovery kNothingLost;

inline constexpr std::uint32_t kOutboundListener = UINT32_MAX;

class Tcb final : public Connection, public FlowNode {
 public:
  Tcb(Tcp& tcp_in, const ConnectionOptions& options_in);

  State state() const noexcept override;
  NetError error() const noexcept override { return failure; }
  ByteView readable() noexcept override { return received.front(); }
  void consume(std::size_t count) noexcept override;
  bool read_finished() const noexcept override;
  std::size_t unread() const noexcept override { return received.octets(); }
  std::size_t copy(MutableBytes out) const noexcept override { return received.copy(out); }
  bool input_ended() const noexcept override { return fin_received; }
  std::size_t write(ByteView octets) noexcept override;
  std::size_t write_space() const noexcept override;
  bool write_drained() const noexcept override { return unacknowledged.empty(); }
  void close() noexcept override;
  void abort() noexcept override;
  Endpoint local() const noexcept override { return {key.local, key.local_port}; }
  Endpoint remote() const noexcept override { return {key.remote, key.remote_port}; }

  static void on_timer(Timer& fired, Instant now) noexcept;
  // Asserts that RFC 9293 figure 5 has the arrow.
  void become(TcpState next) noexcept;
  bool passive() const noexcept { return listener != kOutboundListener; }
  std::uint32_t flight() const noexcept { return snd_nxt - snd_una; }
  // The repair of what the peer misses; all is in order without an episode.
  const Recovery& recovery() const noexcept {
    return episode == nullptr ? kNothingLost : episode->recovery;
  }
  // Octets in the network: RFC 6675 4 SetPipe; without SACK each duplicate ACK tells of a segment
  // that left it, of which RFC 3042 counts two until the third means a loss.
  std::uint32_t pipe() const noexcept {
    const std::uint32_t known = recovery().duplicates;
    const std::uint32_t count = recovery().on() ? known : std::min(known, 2u);
    const std::uint32_t in_flight = unacknowledged.in_flight();
    return in_flight - std::min(in_flight, count * mss);
  }
  // Our FIN takes the sequence number after the last octet written.
  bool fin_sent() const noexcept { return fin_queued && after(snd_nxt, unacknowledged.end()); }
  bool fin_acknowledged() const noexcept {
    return fin_queued && after(snd_una, unacknowledged.end());
  }
  std::uint32_t receive_space() const noexcept { return rcv_adv - rcv_nxt; }

  Tcp& tcp;
  TcpState tcp_state = TcpState::closed;
  NetError failure = NetError::reset;     // why, when failed
  NetError soft_error = NetError::reset;  // what ICMP said last, when has_soft_error
  bool failed : 1 = false;
  bool has_soft_error : 1 = false;
  bool orphan : 1 = false;          // released by its owner; the stack ends it alone
  bool unaccepted : 1 = false;      // open, and next_ready() or accept() has not shown it yet
  bool read_shut : 1 = false;       // the owner reads no more; what comes is acknowledged only
  bool fin_queued : 1 = false;      // close() was called: FIN follows what was written
  bool fin_received : 1 = false;    // the peer's FIN was reached in sequence
  bool fin_seen : 1 = false;        // rcv_fin is known, perhaps beyond a gap
  bool wants_write : 1 = false;     // write() took less than it was given
  bool ack_now : 1 = false;         // the next flush sends an ACK
  bool timestamps : 1 = false;      // negotiated (RFC 7323)
  bool sack : 1 = false;            // negotiated (RFC 2018)
  bool window_scaling : 1 = false;  // negotiated (RFC 7323 2)
  bool dont_fragment : 1 = true;    // off after repeated timeouts
  bool time_waits : 1 = false;      // closed for its owner, an entry in TIME-WAIT for the peer
  bool fin_lost : 1 = false;        // the FIN is to be sent again
  bool corked : 1 = false;          // the writer said that more was coming
  bool ecn : 1 = false;             // negotiated (RFC 3168)
  bool ecn_echo : 1 = false;        // a mark came in: ACKs carry ECE until the peer says CWR
  bool ecn_reduced : 1 = false;     // the window was reduced for a mark: CWR is to tell the peer
  bool probe_out : 1 = false;       // a tail loss probe is unanswered (RFC 8985 7.3)
  bool probe_resent : 1 = false;    // it was sent before
  std::uint8_t backoff = 0;         // timeouts in a row without progress
  std::uint8_t snd_shift = 0;       // what the peer's windows are shifted by
  std::uint8_t rcv_shift = 0;       // what ours are
  std::uint8_t quick_acks = 0;      // so many ACKs are not delayed
  std::uint8_t challenges = 0;      // ACKs sent to what was unacceptable since challenge_ms
  std::uint16_t mss = 0;            // payload octets per segment that we send, options deducted
  std::uint16_t rcv_mss = 0;        // the largest payload that came in one segment so far

  Sequence iss = 0;               // our SYN
  Sequence snd_una = 0;           // the oldest number that is not acknowledged
  Sequence snd_nxt = 0;           // after the last number ever sent
  Sequence probe_end = 0;         // snd_nxt as the tail loss probe left
  std::uint32_t snd_wnd = 0;      // octets from snd_una that the peer takes
  std::uint32_t snd_wnd_max = 0;  // the largest snd_wnd so far
  Sequence snd_wl1 = 0;           // sequence number of the segment that set snd_wnd last
  Sequence snd_wl2 = 0;           // its acknowledgment number

  Sequence irs = 0;                // the peer's SYN
  Sequence rcv_nxt = 0;            // the next number expected
  Sequence rcv_adv = 0;            // right edge of the window offered so far; never moves back
  Sequence rcv_fin = 0;            // number of the peer's FIN, when fin_seen
  Sequence last_ack = 0;           // rcv_nxt as of the last segment sent (RFC 7323 Last.ACK.sent)
  std::uint32_t ts_recent = 0;     // the peer's timestamp to be echoed
  std::uint32_t ts_recent_ms = 0;  // when it was taken, for the 24 days of RFC 7323 5.5
  std::uint32_t ts_offset = 0;     // added to our clock
  std::uint32_t challenge_ms = 0;  // start of the second in which challenges are counted

  DueTimes due;

  ReceiveQueue received;
  ListLink output_link;  // in the list of what flush() looks at
  ListLink queue_link;   // half-open list in SYN-RECEIVED, later the ready or starved list
  SendQueue unacknowledged;
  Episode* episode = nullptr;  // while something is missing

  RttEstimator rtt;
  Congestion congestion;
  ReorderingWindow reordering;
  std::uint32_t progress_ms = 0;  // when snd_una last moved or sending began
  std::uint32_t heard_ms = 0;     // when the last acceptable segment came in
  Instant last_sent{};            // last data segment
  IpAddress next_hop;
  Timer timer;  // the wheel's entry for all that is due; it may ring early, then it is set again
  ConnectionOptions options;
};

// An open connection takes at most 512 octets: this, a link of its slab, and at most two buckets of
// the flow table.
static_assert(sizeof(Tcb) + sizeof(std::uint32_t) + 2 * sizeof(FlowRef) <= 512);

}  // namespace sluice::net::tcp
