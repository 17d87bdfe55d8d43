// One core of the engine. A thread calls tick() for ever; everything of a connection, from packet
// to queue record, happens inside it on this core. Other threads reach it only through post().
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/slab.h"
#include "engine/base/spsc_ring.h"
#include "engine/delivery/delivery.h"
#include "engine/delivery/generated.h"
#include "engine/dns/resolver.h"
#include "engine/net/kernel/kernel_datagrams.h"
#include "engine/net/transport.h"
#include "engine/policy/source_table.h"
#include "engine/worker/block_filter.h"
#include "engine/worker/clock_watch.h"
#include "engine/worker/core_state.h"
#include "engine/worker/directives.h"
#include "engine/worker/generation.h"
#include "engine/worker/inbound.h"
#include "engine/worker/listener_set.h"
#include "engine/worker/name_lookups.h"
#include "engine/worker/operator_reads.h"
#include "engine/worker/poison.h"
#include "engine/worker/scan_backlog.h"

namespace sluice::worker {

struct NamedTransport {
  std::string name;  // of the [[port]]; empty = kernel sockets
  std::unique_ptr<net::Transport> transport;
};

struct WorkerSetup {
  unsigned index = 0;
  unsigned count = 1;
  std::shared_ptr<const Generation> generation;
  std::shared_ptr<const Directives> directives;  // null: none
  Clock* clock = nullptr;
  mail::EventSink* events = nullptr;
  Counters* counters = nullptr;
  CycleLedger* ledger = nullptr;
  std::unique_ptr<BlockFilter> block_filter;
  std::vector<NamedTransport> transports;
  std::unique_ptr<net::KernelDatagrams> datagrams;  // UDP of the transport ""; may be null
  dns::Options dns;
  std::uint64_t dns_seed = 0;  // secret
  std::unique_ptr<queueing::LogDevice> device;
  std::string evidence;  // directory for what messages do to the engine; empty: none is kept
  std::uint64_t connection_id_base = 0;  // ICID and DCID start above it
  std::uint64_t seed = 0;                // of the tables that hash what a peer can choose
  const std::atomic<std::uint32_t>* disk_used = nullptr;  // per cent; null: not known
  HandshakeOffload* handshakes = nullptr;     // outlives the worker; null: it runs them itself
  examination::Desk* examinations = nullptr;  // outlives the worker; null: nothing is examined
  web::StsDesk* policies = nullptr;           // outlives the worker; null: no MTA-STS
  scan::bayes::Lessons* lessons = nullptr;    // outlives the worker; null: nothing is learned
};

scan::ScanSettings scan_settings(const config::Config& config);

class Worker {
 public:
  using Command = std::function<void(Worker&, Instant now)>;

  // Opens (recovers) this core's queue shard and its listeners. To be called on the worker's
  // thread.
  static std::expected<std::unique_ptr<Worker>, std::string> create(WorkerSetup setup);
  ~Worker();

  // One round through the poll stages; returns the amount of work done, 0 = none.
  std::size_t tick(Instant now);

  // From the control thread: runs on the worker between two stages. False when the ring is full.
  bool post(Command command) { return commands_.push(std::move(command)); }

  // When tick() must run again at the latest; never() while I/O of the queue is under way means
  // "poll". Descriptors that become readable earlier; -1 entries mean a transport without one.
  Instant next_deadline() const noexcept;
  bool polls() const noexcept;  // something is in flight that only polling sees
  std::vector<int> wait_descriptors() const;

  // Stops accepting, lets sessions finish, starts no new delivery.
  void drain(Instant now);
  bool drained() const noexcept;

  // Commands of the control thread.
  void reconfigure(const Generation& generation);
  // What the classifier reads from now on.
  void set_models(const std::shared_ptr<const scan::bayes::Models>& models);
  void direct(const Directives& directives);
  void flush();  // everything deferred is due now
  bool read_for_operator(Mid mid, std::uint64_t offset, std::size_t size,
                         OperatorReads::Done done) {
    return operator_reads_.start(*shard_, mid, offset, size, std::move(done));
  }
  mail::EventSink& events() noexcept { return core_.events; }
  Clock& clock() noexcept { return core_.clock; }
  // False: the queue cannot take it now.
  bool submit(const delivery::GeneratedMail& mail);
  queueing::Shard& shard() noexcept { return *shard_; }
  delivery::Delivery& delivery() noexcept { return *delivery_; }
  // What it works on; null: nobody notes it.
  const queueing::InHand* in_hand() const noexcept { return in_hand_.get(); }
  const BackPressure& back_pressure() const noexcept { return back_pressure_; }
  const dns::Resolver& resolver() const noexcept { return resolver_; }
  BlockFilter& block_filter() noexcept { return *setup_.block_filter; }
  template <typename Visit>
  void for_each_session(Visit&& visit) {
    sessions_.for_each(visit);
  }

 private:
  Worker(WorkerSetup setup, std::unique_ptr<BlockPool> blocks,
         std::unique_ptr<queueing::Shard> shard);
  std::expected<void, std::string> listen();

  void watch_clock(Instant now);
  bool work_may_begin(Instant now);
  void keep_waits(Duration clock_set_by) noexcept;
  std::size_t run_ready(Instant now);
  std::size_t run_handshakes(Instant now);
  std::size_t run_examinations(Instant now);
  std::size_t run_dns(Instant now);
  std::size_t run_policies(Instant now);
  void report_trust();
  void report_recovery();
  void watch_queue();
  void watch_pressure();
  std::size_t run_due(Instant now);
  std::size_t run_queue(Instant now);
  std::size_t run_commands(Instant now);
  std::size_t reap_reads(Instant now);
  std::size_t wake_space_waiters(Instant now);
  void adopt(net::Transport& transport, net::Connection& connection, Instant now);
  smtp::Reply refusal(const ListenerState& listener, const IpAddress& source, Instant now);
  void settle(Inbound& session, Inbound::Progress progress);
  void publish_gauges(Instant now);
  void publish_stack_gauges();
  net::Transport* find_transport(std::string_view name) const noexcept;
  net::DatagramTransport* find_datagrams(std::string_view name) const noexcept;
  void drop_unused_generations();

  WorkerSetup setup_;
  TimerWheel timers_;
  ClockWatch clock_;
  std::unique_ptr<BlockPool> blocks_;
  std::unique_ptr<queueing::Shard> shard_;
  IdSequence icids_;
  IdSequence dcids_;
  IdSequence mids_;
  tls::ReadBuffers tls_buffers_;
  policy::SourceRates handshake_rates_;
  CoreState core_;
  dns::Resolver resolver_;
  NameLookups names_;
  std::optional<dns::Trust> trust_reported_;
  std::optional<queueing::QueueFault> fault_reported_;
  BackPressure back_pressure_;
  policy::SourceTable sources_;
  std::vector<std::unique_ptr<ListenerSet>> listener_sets_;  // the last is current
  std::vector<std::unique_ptr<ScanState>> scan_states_;      // the last is current
  std::unique_ptr<delivery::Delivery> delivery_;
  ScanBacklog backlog_{core_};
  OperatorReads operator_reads_;
  std::vector<std::string> held_hosts_;
  Slab<Inbound> sessions_;
  std::unique_ptr<queueing::InHand> in_hand_;
  std::unique_ptr<Poison> poison_;  // until it has judged
  SpscRing<Command> commands_;
  Instant gauges_due_{};
  bool accept_paused_ = false;
  bool draining_ = false;
};

}  // namespace sluice::worker
