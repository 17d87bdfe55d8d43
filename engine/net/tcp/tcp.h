// TCP for one core: all connections, listeners and timers. Segments come in by segment_in(), leave
// through IpOutput; what the sessions asked for is sent by flush(). The functions stand in one file
// per half of the protocol: input*.cc, ack.cc, output.cc, retransmit.cc, close.cc, reset.cc.
#pragma once

#include <expected>

#include "engine/base/random.h"
#include "engine/base/slab.h"
#include "engine/net/ip_output.h"
#include "engine/net/tcp/isn.h"
#include "engine/net/tcp/listener.h"
#include "engine/net/tcp/segment.h"
#include "engine/net/tcp/time_wait.h"

namespace sluice::net::tcp {

inline constexpr std::uint32_t kDefaultMss = 536;      // RFC 9293 3.7.1: over IPv4
inline constexpr std::uint32_t kDefaultMssV6 = 1'220;  // and over IPv6
inline constexpr std::uint32_t kMssMin = 64;           // a peer may not make us send less
inline constexpr std::uint32_t kPortTriesMax = 1'024;  // ephemeral ports tried per connect()
inline constexpr Duration kChallengeInterval = milliseconds(500);  // per connection (RFC 5961 7)
inline constexpr std::size_t kReserveForWrites = 4;  // 1/n of the pool that write() leaves
inline constexpr std::size_t kReserveForReads = 8;   // 1/n below which unread data is refused

inline std::uint32_t default_mss(const IpAddress& remote) noexcept {
  return remote.is_v4() ? kDefaultMss : kDefaultMssV6;
}

class Tcp {
 public:
  Tcp(const StackOptions& options, Port& port, IpOutput& ip, TxQueue& tx, TimerWheel& wheel,
      StackCounters& counters, Random& random, Instant now);
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;
  ~Tcp();

  // `packet` starts with the TCP header and ends with the segment.
  void segment_in(PacketPtr packet, const IpDatagram& ip) noexcept;
  void error_in(const IpError& error) noexcept;

  std::expected<void, NetError> listen(const Endpoint& local, std::uint32_t tag);
  void stop_listening() noexcept { listeners_.clear(); }
  std::expected<Connection*, NetError> connect(const Endpoint& remote, std::uint64_t owner);
  void release(Tcb& tcb) noexcept;

  void set_now(Instant now) noexcept { now_ = now; }
  std::size_t wake_starved() noexcept;  // once per poll
  std::size_t expire_time_wait() noexcept { return time_wait_.expire(now_); }
  Instant next_time_wait() noexcept { return time_wait_.next_deadline(); }
  Instant next_timer() noexcept;  // the next timer of any part of the stack, exactly
  void flush() noexcept;

  Tcb* next_ready() noexcept { return ready_.pop_front(); }
  bool has_ready() const noexcept { return !ready_.empty(); }
  bool has_output() const noexcept { return !output_.empty(); }
  void mark_ready(Tcb& tcb) noexcept;

  std::size_t open_connections() const noexcept { return tcbs_.in_use(); }
  std::size_t half_open() const noexcept { return half_open_count_; }
  std::size_t in_time_wait() const noexcept { return time_wait_.size(); }

 private:
  friend class Tcb;
  enum class Life : bool { over, on };  // whether the connection still exists after a step

  // input.cc, input_listen.cc, input_syn_sent.cc
  SynVerdict verdict_on(const Packet& packet, const IpDatagram& ip) noexcept;
  std::optional<Segment> parse(PacketPtr packet, const IpDatagram& ip) const noexcept;
  void dispatch(Segment& segment) noexcept;
  void input_listen(Segment& segment) noexcept;
  void input_time_wait(TimeWait& entry, Segment& segment) noexcept;
  void input_syn_sent(Tcb& tcb, Segment& segment) noexcept;
  void input_synchronized(Tcb& tcb, Segment& segment) noexcept;
  bool input_fast(Tcb& tcb, Segment& segment) noexcept;
  bool check_timestamps(Tcb& tcb, const Segment& segment) noexcept;
  bool check_sequence(Tcb& tcb, const Segment& segment) noexcept;
  void take_options(Tcb& tcb, const TcpOptions& options) noexcept;
  void establish(Tcb& tcb) noexcept;
  // input_data.cc
  void take_payload(Tcb& tcb, Segment& segment) noexcept;
  void take_fin(Tcb& tcb, const Segment& segment) noexcept;
  Life reach_fin(Tcb& tcb) noexcept;
  bool refuses_data(const Tcb& tcb) const noexcept;

  // ack.cc
  Life take_ack(Tcb& tcb, const Segment& segment) noexcept;
  bool accept_syn_ack(Tcb& tcb, const Segment& segment) noexcept;
  void take_new_ack(Tcb& tcb, const Segment& segment) noexcept;
  void take_duplicate_ack(Tcb& tcb, const Segment& segment) noexcept;
  void take_window(Tcb& tcb, const Segment& segment) noexcept;
  void measure(Tcb& tcb, const Segment& segment, std::int64_t sent_ns) noexcept;
  Life advance_close(Tcb& tcb) noexcept;

  // output.cc, build.cc
  void output(Tcb& tcb) noexcept;
  bool send_data(Tcb& tcb) noexcept;
  bool fit_window(Tcb& tcb, Packet& packet, bool overriding) noexcept;
  bool transmit(Tcb& tcb, Packet& packet) noexcept;
  bool send_fin(Tcb& tcb) noexcept;
  bool send_syn(Tcb& tcb) noexcept;
  bool send_ack(Tcb& tcb) noexcept;
  void send_challenge_ack(Tcb& tcb) noexcept;
  void send_window_probe(Tcb& tcb) noexcept;
  bool emit(Tcb& tcb, PacketPtr packet, Sequence sequence, std::uint8_t flags) noexcept;
  void note_sent(Tcb& tcb, Sequence end) noexcept;
  std::uint32_t offer_window(Tcb& tcb) noexcept;
  void fill_options(Tcb& tcb, std::uint8_t flags, TcpOptions& options) noexcept;
  Sent send_segment(PacketPtr packet, const IpPath& path, TcpHeader header,
                    const TcpOptions& options, bool dont_fragment) noexcept;
  PacketPtr allocate() noexcept;
  std::uint16_t local_mss(const IpAddress& remote) const noexcept;
  std::uint32_t timestamp_now(std::uint32_t offset) const noexcept;

  // timers.cc
  void arm(Tcb& tcb, TimerKind kind, Instant due) noexcept;
  void disarm(Tcb& tcb, TimerKind kind) noexcept { tcb.due.clear(kind); }
  void on_timer(Tcb& tcb) noexcept;
  void ring(Tcb& tcb, TimerKind kind) noexcept;

  // retransmit.cc
  void start_retransmission_timer(Tcb& tcb) noexcept;
  void set_timer_for_state(Tcb& tcb) noexcept;
  void on_retransmission_timer(Tcb& tcb) noexcept;
  void on_delayed_ack_timer(Tcb& tcb) noexcept;
  void syn_timeout(Tcb& tcb) noexcept;
  void retransmission_timeout(Tcb& tcb) noexcept;
  void persist_timeout(Tcb& tcb) noexcept;
  bool retransmit_first(Tcb& tcb) noexcept;
  bool no_progress(const Tcb& tcb) const noexcept;

  // close.cc, reset.cc
  void close(Tcb& tcb) noexcept;
  void abort(Tcb& tcb) noexcept;
  void fail(Tcb& tcb, NetError error) noexcept;
  void enter_time_wait(Tcb& tcb) noexcept;
  void finish(Tcb& tcb) noexcept;
  void retire(Tcb& tcb) noexcept;
  void send_reset(Tcb& tcb) noexcept;
  void send_reset_for(const Segment& segment) noexcept;
  void take_path_mtu(Tcb& tcb, std::uint32_t mtu) noexcept;

  // connect.cc
  Tcb* open(const FlowKey& key, const IpPath& path) noexcept;
  bool choose_port(FlowKey& key) noexcept;
  void mark_output(Tcb& tcb) noexcept;
  void starve(Tcb& tcb) noexcept;
  std::size_t write(Tcb& tcb, ByteView octets) noexcept;
  void consumed(Tcb& tcb) noexcept;
  void leave_half_open(Tcb& tcb) noexcept;

  StackOptions options_;
  Port& port_;
  IpOutput& ip_;
  TxQueue& tx_;
  TimerWheel& wheel_;
  StackCounters& counters_;
  PacketPool& pool_;
  std::size_t pool_size_;
  Instant now_;
  Random& random_;
  std::uint8_t rcv_shift_;

  IsnGenerator isn_;
  FlowTable flows_;
  ListenerTable listeners_;
  TimeWaitTable time_wait_;
  HalfOpenList half_open_;
  std::size_t half_open_count_ = 0;
  IntrusiveList<Tcb, &Tcb::queue_link> ready_;
  IntrusiveList<Tcb, &Tcb::queue_link> starved_;  // could not write for want of packets
  IntrusiveList<Tcb, &Tcb::output_link> output_;
  Slab<Tcb> tcbs_;
};

}  // namespace sluice::net::tcp
