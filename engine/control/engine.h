// The whole engine in one process: DPDK, one thread per worker core, and the control thread that
// writes the logs, answers the commands and handles signals (SIGTERM, SIGINT: finish and stop;
// SIGHUP: reload).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/control/block_control.h"
#include "engine/control/connection_ids.h"
#include "engine/control/disk_meter.h"
#include "engine/control/generations.h"
#include "engine/control/host_answers.h"
#include "engine/control/mail_log.h"
#include "engine/control/operator_state.h"
#include "engine/control/tls_alerts.h"
#include "engine/control/tls_reporter.h"
#include "engine/control/worker_pool.h"
#include "engine/net/dpdk/dpdk.h"
#include "engine/web/web_thread.h"

namespace sluice::control {

class AdminServer;
class SpamdServer;

class Engine {
 public:
  // The text says what could not be started, and what to change.
  static std::expected<std::unique_ptr<Engine>, std::string> start(
      std::shared_ptr<const config::Config> config);
  ~Engine();

  // The control loop; returns after SIGTERM or SIGINT, when everything is finished and flushed.
  void run();

  // For the admin server.
  const config::Config& config() const noexcept { return *generations_.config(); }
  const worker::Generation& generation() const noexcept { return *generations_.current(); }
  WorkerPool& pool() noexcept { return pool_; }
  std::vector<std::unique_ptr<WorkerThread>>& workers() noexcept { return pool_.threads(); }
  const net::Dpdk* dpdk() const noexcept { return dpdk_.get(); }
  BlockControl& blocks() noexcept { return *blocks_; }
  OperatorState& operator_state() noexcept { return operator_state_; }
  HostAnswers& host_answers() noexcept { return host_answers_; }
  // Has every worker follow the operator's state as it is now; false: one has not answered yet.
  bool direct_workers();
  // A line of the mail log: what an operator has done.
  void log_action(std::string_view by, std::string_view what);
  TlsReporter& tls_reporter() noexcept { return *reporter_; }
  // A line of the mail log.
  void note(mail::EventKind kind, std::string_view text);
  WallTime started() const noexcept { return started_; }
  Instant now() noexcept { return clock_.now(); }
  WallTime wall() noexcept { return clock_.wall(); }
  // Runs `command` on a worker between two polls and waits for it (bounded). False: not reached.
  bool on_worker(WorkerThread& worker, worker::Worker::Command command) {
    return WorkerPool::on_worker(worker, std::move(command));
  }
  // Empty on success; else what was wrong, and nothing was changed.
  std::string reload() { return generations_.reload(); }
  std::string reload_certificates() { return generations_.reload_certificates(); }

  // For Generations: what else depends on them follows.
  void config_changed();
  void generation_changed();

 private:
  explicit Engine(std::shared_ptr<const config::Config> config);
  std::expected<void, std::string> open_files();
  std::expected<void, std::string> make_generation();
  std::expected<void, std::string> start_dpdk();
  std::expected<void, std::string> load_blocks();
  std::expected<void, std::string> start_workers();
  std::expected<void, std::string> open_admin();
  std::expected<void, std::string> open_spamd();
  std::size_t drain_events();
  void keep_ids_ahead();
  void watch_workers();
  [[noreturn]] void end_stalled(const WorkerThread& worker);
  void note_learned();
  void report_web();
  std::shared_ptr<const worker::Directives> directives() const;
  void send_alerts(WallTime until);
  void drain_workers();
  void stop_workers();

  SystemClock clock_;
  WallTime started_;
  int signals_ = -1;
  Generations generations_;
  ConnectionIds ids_;
  bool ids_fault_reported_ = false;
  std::uint64_t events_dropped_ = 0;
  std::unique_ptr<MailLog> mail_log_;
  TlsAlerts alerts_;
  std::unique_ptr<net::Dpdk> dpdk_;
  std::unique_ptr<BlockControl> blocks_;
  DiskMeter disk_;
  Instant learned_told_;
  std::unique_ptr<web::WebThread> web_;
  std::unique_ptr<TlsReporter> reporter_;
  OperatorState operator_state_;
  HostAnswers host_answers_;
  WorkerPool pool_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<SpamdServer> spamd_;
};

}  // namespace sluice::control
