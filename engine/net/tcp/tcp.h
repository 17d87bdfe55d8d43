// TCP for one core: all connections, listeners and timers. Segments come in by segment_in(), leave
// through IpOutput; what the sessions asked for is sent by flush(). The functions stand in one file
// per part of the protocol: input*.cc, ack.cc, output.cc, retransmit.cc, close.cc, reset.cc.
#pragma once

#include <expected>

#include "engine/base/random.h"
#include "engine/base/sparse_slab.h"
#include "engine/net/ip_output.h"
#include "engine/net/tcp/bbr.h"
#include "engine/net/tcp/isn.h"
#include "engine/net/tcp/listener.h"
#include "engine/net/tcp/segment.h"
#include "engine/net/tcp/syn_cookie.h"
#include "engine/net/tcp/time_wait.h"

namespace sluice::net::tcp {

inline constexpr std::uint32_t kDefaultMss = 536;      // RFC 9293 3.7.1: over IPv4
inline constexpr std::uint32_t kDefaultMssV6 = 1'220;  // and over IPv6
inline constexpr std::uint32_t kMssMin = 64;           // a peer may not make us send less
inline constexpr std::uint32_t kPortTriesMax = 1'024;  // ephemeral ports tried per connect()
inline constexpr std::uint32_t kChallengeMs = 1'000;   // RFC 5961 7: in this time, at most ...
inline constexpr std::uint8_t kChallengesPerConnection = 5;
inline constexpr std::uint32_t kChallengesPerStack = 1'000;  // on the average
inline constexpr std::uint8_t kQuickAcks = 16;    // at the start of a connection and after a loss
inline constexpr Sequence kSequenceGap = 64'000;  // to an earlier connection of the same flow
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
  // Whether a segment between these would find a connection or a listener.
  bool takes(const Endpoint& local, const Endpoint& remote) noexcept {
    return listeners_.find(local.address, local.port) != nullptr ||
           flows_.find({local.address, remote.address, local.port, remote.port});
  }

  // What a listener or connection has when nothing else is said.
  ConnectionOptions default_options() const noexcept { return ConnectionOptions(options_); }

  std::expected<void, NetError> listen(const Endpoint& local, std::uint32_t tag);
  std::expected<void, NetError> listen(const Listener& listener);
  void stop_listening() noexcept { listeners_.clear(); }
  void stop_listening(std::uint32_t tag) noexcept;
  Listener* listener_at(const Endpoint& local) noexcept {
    return listeners_.find(local.address, local.port);
  }
  // The oldest connection of the listener that neither this nor next_ready() has returned.
  Tcb* accept(std::uint32_t tag) noexcept;

  std::expected<Connection*, NetError> connect(const Endpoint& remote, std::uint64_t owner);
  // From `local`; an unspecified address or port 0 is chosen.
  std::expected<Tcb*, NetError> connect(const Endpoint& remote, std::uint64_t owner,
                                        const Endpoint& local, const ConnectionOptions& options);
  // Somebody listens there or, unless `reuse`, has a connection from there.
  bool in_use(const Endpoint& local, bool reuse) noexcept;
  void start_keep_alive(Tcb& tcb) noexcept;     // after options.keep_idle_ms has changed
  void set_cork(Tcb& tcb, bool more) noexcept;  // more will be written soon: a short end may wait
  std::uint16_t announced_mss(const Tcb& tcb) const noexcept {
    return announced_mss(tcb.key.remote, tcb.options);
  }
  // Of a connection with BBR that sends or did so lately, else nullptr.
  Bbr* model_of(Tcb& tcb) noexcept;
  void shutdown_read(Tcb& tcb) noexcept;  // what comes is acknowledged and dropped
  void release(Tcb& tcb) noexcept;

  void set_now(Instant now) noexcept { now_ = now; }
  std::size_t wake_starved() noexcept;  // once per poll
  std::size_t expire_time_wait() noexcept { return time_wait_.expire(now_); }
  Instant next_time_wait() noexcept { return time_wait_.next_deadline(now_); }
  Instant next_timer() noexcept;  // the next timer of any part of the stack, exactly
  void flush() noexcept;

  Tcb* next_ready() noexcept;
  const Tcb* first_ready() noexcept { return ready_.front(); }  // what next_ready() would return
  bool has_ready() const noexcept { return !ready_.empty(); }
  bool has_output() const noexcept { return !output_.empty(); }
  void mark_ready(Tcb& tcb) noexcept;

  std::size_t open_connections() const noexcept { return tcbs_.in_use(); }
  std::size_t half_open() const noexcept { return half_open_count_; }
  std::size_t in_time_wait() const noexcept { return time_wait_.size(); }
  std::size_t timers_armed() noexcept;
  // Memory that connections have made the stack touch, buffers not counted.
  std::size_t bytes_held() const noexcept {
    return sizeof *this + tcbs_.bytes_touched() + episodes_.bytes_touched() + time_wait_.bytes() +
           flows_.bytes() + models_.bytes_touched();
  }

 private:
  friend class Tcb;
  enum class Life : bool { over, on };  // whether the connection still exists after a step

  enum class Paws : std::uint8_t { pass, old, drop };

  // input.cc
  SynVerdict verdict_on(const Packet& packet, const IpDatagram& ip) noexcept;
  bool parse(PacketPtr packet, const IpDatagram& ip, Segment& segment) const noexcept;
  void dispatch(Segment& segment) noexcept;
  bool input_fast(Tcb& tcb, Segment& segment) noexcept;
  // input_listen.cc, accept_queue.cc, input_cookie.cc
  void input_listen(Segment& segment, std::optional<Sequence> used = std::nullopt) noexcept;
  void make_room_for_half_open() noexcept;
  Tcb* open_half(const Listener& listener, const Segment& syn, Sequence iss) noexcept;
  void leave_half_open(Tcb& tcb) noexcept;
  void take_options(Tcb& tcb, const TcpOptions& options) noexcept;
  void establish(Tcb& tcb) noexcept;
  bool accept_queue_full(const Tcb& tcb) noexcept;
  void enter_accept_queue(Tcb& tcb) noexcept;
  void leave_accept_queue(Tcb& tcb) noexcept;
  void send_cookie(const Listener& listener, Segment& syn) noexcept;
  bool accept_cookie(const Listener& listener, Segment& segment) noexcept;
  Segment syn_of_cookie(const Segment& ack, std::uint16_t mss) const noexcept;
  // input_syn_sent.cc
  void input_syn_sent(Tcb& tcb, Segment& segment) noexcept;
  void take_syn_ack(Tcb& tcb, Segment& segment) noexcept;
  // input_synchronized.cc
  void input_synchronized(Tcb& tcb, Segment& segment) noexcept;
  bool acceptable(Tcb& tcb, Segment& segment) noexcept;
  Paws check_timestamps(const Tcb& tcb, const Segment& segment) const noexcept;
  void take_timestamp(Tcb& tcb, const Segment& segment) noexcept;
  bool check_sequence(const Tcb& tcb, const Segment& segment) const noexcept;
  std::uint32_t reset_window(const Tcb& tcb) const noexcept;
  bool open_closed_window(Tcb& tcb, Segment& segment) noexcept;
  void input_reset(Tcb& tcb, const Segment& segment) noexcept;
  void input_unexpected_syn(Tcb& tcb, Segment& segment) noexcept;
  void repeat_syn_ack(Tcb& tcb) noexcept;
  static void strip_syn(Segment& segment) noexcept;
  // input_time_wait.cc
  void input_time_wait(TimeWait& entry, Segment& segment) noexcept;
  void acknowledge(const TimeWait& entry) noexcept;
  // input_data.cc
  Life take_payload(Tcb& tcb, Segment& segment) noexcept;
  bool trim_to_window(Tcb& tcb, Packet& packet) noexcept;
  void take_in_sequence(Tcb& tcb, PacketPtr packet) noexcept;
  void take_beyond_gap(Tcb& tcb, PacketPtr packet) noexcept;
  SackBlock note_duplicate(Tcb& tcb, SackBlock block) noexcept;
  void ack_at_once(Tcb& tcb) noexcept;
  void take_fin(Tcb& tcb, const Segment& segment) noexcept;
  Life reach_fin(Tcb& tcb) noexcept;
  bool refuses_data(const Tcb& tcb) const noexcept;
  // acknowledge.cc
  void note_arrival(Tcb& tcb, std::uint32_t payload) noexcept;
  void acknowledge(Tcb& tcb) noexcept;
  void on_delayed_ack_timer(Tcb& tcb) noexcept;
  bool send_ack(Tcb& tcb) noexcept;
  void send_challenge_ack(Tcb& tcb) noexcept;
  bool may_challenge(Tcb& tcb) noexcept;
  bool stack_may_challenge() noexcept;
  std::uint32_t offer_window(const Tcb& tcb) const noexcept;
  void consumed(Tcb& tcb) noexcept;

  // ack.cc
  Life take_ack(Tcb& tcb, Segment& segment) noexcept;
  bool accept_syn_ack(Tcb& tcb, Segment& segment) noexcept;
  void take_current_ack(Tcb& tcb, const Segment& segment) noexcept;
  AckSample sample_for(Tcb& tcb, const Segment& segment) noexcept;
  void advance_una(Tcb& tcb, Sequence ack, AckSample& sample) noexcept;
  bool repeats_ack(const Tcb& tcb, const Segment& segment) const noexcept;
  void take_sack(Tcb& tcb, const Segment& segment, AckSample& sample) noexcept;
  void count_duplicates(Tcb& tcb, AckSample& sample) noexcept;
  void measure(Tcb& tcb, AckSample& sample) noexcept;
  void take_window(Tcb& tcb, const Segment& segment) noexcept;
  Life advance_close(Tcb& tcb) noexcept;

  // recovery.cc
  Episode& begin_episode(Tcb& tcb) noexcept;
  void end_episode_if_over(Tcb& tcb) noexcept;
  void end_episode(Tcb& tcb) noexcept;
  SackReport& sack_report(Tcb& tcb) noexcept { return begin_episode(tcb).sack_report; }
  void recover(Tcb& tcb, Episode& episode, const AckSample& sample) noexcept;
  void grow_window(Tcb& tcb, const AckSample& sample) noexcept;
  void detect_losses(Tcb& tcb, Episode& episode, const AckSample& sample) noexcept;
  void detect_by_time(Tcb& tcb, const Episode& episode) noexcept;
  void detect_by_duplicates(Tcb& tcb, bool advances) noexcept;
  void reduce_by_rate(Tcb& tcb, Recovery& recovery, const Prr::Ack& ack) noexcept;
  void on_reordering_timer(Tcb& tcb) noexcept;
  void begin_repair(Tcb& tcb, Recovery& recovery) noexcept;
  void begin_reduction(Tcb& tcb, Recovery& recovery) noexcept;
  void enter_timed_out(Tcb& tcb, bool first) noexcept;
  void leave_recovery(Tcb& tcb, Recovery& recovery) noexcept;
  void undo_if_spurious(Tcb& tcb, Recovery& recovery, const AckSample& sample) noexcept;
  bool frto_finds_spurious(const Tcb& tcb, Recovery& recovery, const AckSample& sample) noexcept;

  // model.cc
  Bbr& begin_model(Tcb& tcb) noexcept;
  void end_model(Tcb& tcb) noexcept;
  void follow_model(Tcb& tcb, const Bbr& model) noexcept;
  void update_model(Tcb& tcb, const AckSample& sample) noexcept;
  void note_application_limit(Tcb& tcb) noexcept;
  bool must_wait(Tcb& tcb) noexcept;
  void arm_model(Tcb& tcb, Bbr& model, Instant due) noexcept;
  void on_model_timer(Tcb& tcb, Bbr& model) noexcept;
  void respond_to_loss(Tcb& tcb) noexcept;

  // tail_loss_probe.cc
  void arm_probe(Tcb& tcb) noexcept;
  void on_probe_timer(Tcb& tcb) noexcept;
  void take_probe_ack(Tcb& tcb, const AckSample& sample) noexcept;

  // output.cc, gather.cc, build.cc
  void follow_route(Tcb& tcb) noexcept;
  void output(Tcb& tcb) noexcept;
  std::uint32_t initial_window(const Tcb& tcb) const noexcept;
  void restart_if_idle(Tcb& tcb) noexcept;
  Packet* next_segment(const Tcb& tcb) const noexcept;
  void send_data(Tcb& tcb) noexcept;
  bool fit_again(Tcb& tcb, Packet& packet) noexcept;
  bool fit_window(Tcb& tcb, Packet& packet, bool overriding) noexcept;
  bool transmit(Tcb& tcb, Packet& packet) noexcept;
  bool fin_due(const Tcb& tcb) const noexcept;
  bool send_fin(Tcb& tcb) noexcept;
  bool send_syn(Tcb& tcb) noexcept;
  void on_cork_timer(Tcb& tcb) noexcept;
  bool must_gather(const Tcb& tcb, const Packet& packet) const noexcept;
  bool emit(Tcb& tcb, PacketPtr packet, Sequence sequence, std::uint8_t flags,
            std::uint8_t traffic_class = 0) noexcept;
  void note_sent(Tcb& tcb, Sequence end) noexcept;
  void note_acknowledged(Tcb& tcb, TcpHeader& header, std::uint8_t shift) noexcept;
  void fill_sack(Tcb& tcb, TcpOptions& options, std::uint8_t blocks_max) noexcept;
  std::uint8_t sack_blocks_max(const Tcb& tcb, std::uint32_t payload) const noexcept;
  void fill_options(const Tcb& tcb, std::uint8_t flags, TcpOptions& options) const noexcept;
  Sent send_segment(PacketPtr packet, const IpPath& path, TcpHeader header,
                    const TcpOptions& options, bool dont_fragment,
                    std::uint8_t traffic_class = 0) noexcept;
  PacketPtr allocate() noexcept;
  static PacketPtr take_buffer(Segment& segment) noexcept;
  std::uint16_t local_mss(const IpAddress& remote) const noexcept;
  std::uint16_t announced_mss(const IpAddress& remote,
                              const ConnectionOptions& options) const noexcept;
  std::uint8_t shift_for(const ConnectionOptions& options) const noexcept;
  std::uint32_t now_ms() const noexcept { return static_cast<std::uint32_t>(now_.ns / 1'000'000); }
  std::uint32_t timestamp_now(std::uint32_t offset) const noexcept;

  // timers.cc
  void arm(Tcb& tcb, TimerKind kind, Instant due) noexcept;
  void disarm(Tcb& tcb, TimerKind kind) noexcept { tcb.due.clear(kind); }
  void on_timer(Tcb& tcb) noexcept;
  Instant next_timer(const Tcb& tcb) const noexcept;
  void ring(Tcb& tcb, TimerKind kind) noexcept;

  // ecn.cc, keep_alive.cc
  void negotiate_ecn(Tcb& tcb, const Segment& segment) noexcept;
  std::uint8_t ecn_of_syn(const Tcb& tcb, bool answers) const noexcept;
  void take_ecn(Tcb& tcb, const Segment& segment) noexcept;
  std::uint8_t ecn_of_new_data(Tcb& tcb) noexcept;
  void on_keep_alive_timer(Tcb& tcb) noexcept;

  // retransmit.cc, persist.cc, path_mtu.cc
  void start_retransmission_timer(Tcb& tcb) noexcept;
  void set_timer_for_state(Tcb& tcb) noexcept;
  void on_retransmission_timer(Tcb& tcb) noexcept;
  void syn_timeout(Tcb& tcb) noexcept;
  void retransmission_timeout(Tcb& tcb) noexcept;
  bool no_progress(const Tcb& tcb) const noexcept;
  void persist_timeout(Tcb& tcb) noexcept;
  void note_probe_answer(Tcb& tcb) noexcept;
  void send_window_probe(Tcb& tcb) noexcept;
  void reduce_mss(Tcb& tcb, std::uint32_t mss) noexcept;
  void clamp_black_hole(Tcb& tcb) noexcept;

  // close.cc, reset.cc
  void close(Tcb& tcb) noexcept;
  void abort(Tcb& tcb) noexcept;
  void fail(Tcb& tcb, NetError error) noexcept;
  void enter_time_wait(Tcb& tcb) noexcept;
  void finish(Tcb& tcb) noexcept;
  void retire(Tcb& tcb) noexcept;
  void send_reset(Tcb& tcb) noexcept;
  void send_reset_for(Segment& segment) noexcept;
  void take_unreachable(Tcb& tcb, bool hard) noexcept;
  void take_path_mtu(Tcb& tcb, std::uint32_t mtu) noexcept;

  // connect.cc
  Tcb* open(const FlowKey& key, const IpPath& path, const ConnectionOptions& options,
            Sequence iss) noexcept;
  bool choose_port(FlowKey& key) noexcept;
  void mark_output(Tcb& tcb) noexcept;
  void starve(Tcb& tcb) noexcept;
  std::size_t write(Tcb& tcb, ByteView octets) noexcept;
  FlowRef ref(const Tcb& tcb) const noexcept { return {FlowKind::connection, tcbs_.index_of(tcb)}; }

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
  std::uint32_t next_port_ = 0;  // RFC 6056 3.3.3
  Instant challenge_until_{};    // end of the time in which challenges_left_ counts
  std::uint32_t challenges_left_ = 0;
  Instant last_cookie_{};  // when one was sent last

  IsnGenerator isn_;
  CookieJar cookies_;
  FlowTable flows_;
  ListenerTable listeners_;
  TimeWaitTable time_wait_;
  HalfOpenList half_open_;
  std::size_t half_open_count_ = 0;
  IntrusiveList<Tcb, &Tcb::queue_link> ready_;
  IntrusiveList<Tcb, &Tcb::queue_link> starved_;  // could not write for want of packets
  IntrusiveList<Tcb, &Tcb::output_link> output_;
  SparseSlab<Tcb> tcbs_;
  SparseSlab<Episode> episodes_;  // as many as connections; few are in use
  SparseSlab<Bbr> models_;        // likewise, of those that send
};

}  // namespace sluice::net::tcp
