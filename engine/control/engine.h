// The whole engine in one process: DPDK, one thread per worker core, and the control thread that
// writes the logs, answers the commands and handles signals (SIGTERM, SIGINT: finish and stop;
// SIGHUP: reload).
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "engine/control/bayes_models.h"
#include "engine/control/block_control.h"
#include "engine/control/connection_ids.h"
#include "engine/control/disk_meter.h"
#include "engine/control/examiner_threads.h"
#include "engine/control/host_answers.h"
#include "engine/control/learner_thread.h"
#include "engine/control/mail_log.h"
#include "engine/control/offload_threads.h"
#include "engine/control/operator_state.h"
#include "engine/control/tls_alerts.h"
#include "engine/control/tls_reporter.h"
#include "engine/control/worker_thread.h"
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
  const config::Config& config() const noexcept { return *config_; }
  std::vector<std::unique_ptr<WorkerThread>>& workers() noexcept { return workers_; }
  const worker::Generation& generation() const noexcept { return *generation_; }
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
  // Runs `command` on a worker between two polls and waits for it (bounded). False: not reached.
  bool on_worker(WorkerThread& worker, worker::Worker::Command command);
  // Reads the config file again. Empty on success; else what was wrong, and nothing was changed.
  std::string reload();
  // Reads the certificates again, and nothing else: the configuration stays the committed one.
  std::string reload_certificates();

 private:
  explicit Engine(std::shared_ptr<const config::Config> config);
  std::expected<void, std::string> open_files();
  std::expected<void, std::string> make_generation();
  std::expected<void, std::string> start_dpdk();
  std::expected<void, std::string> load_blocks();
  std::expected<void, std::string> start_workers();
  std::expected<void, std::string> open_admin();
  std::expected<void, std::string> open_spamd();
  void tell_spamd();
  std::size_t drain_events();
  void keep_ids_ahead();
  void watch_workers();
  [[noreturn]] void end_stalled(const WorkerThread& worker);
  void rotate_ticket_keys();
  std::expected<void, std::string> ensure_certificates(const config::Config& config);
  void note_certificates();
  void note_rules();
  void refresh_models();
  void note_learned();
  std::string publish(std::shared_ptr<const worker::Generation> generation);
  void report_web();
  void report_reload(std::string_view problem);
  void send_alerts(WallTime until);
  void drain_workers();
  void stop_workers();

  std::shared_ptr<const config::Config> config_;
  std::shared_ptr<tls::TicketKeys> tickets_;
  Instant tickets_rotated_;
  std::shared_ptr<const worker::Generation> generation_;
  SystemClock clock_;
  WallTime started_;
  int signals_ = -1;
  ConnectionIds ids_;
  bool ids_fault_reported_ = false;
  std::uint64_t events_dropped_ = 0;
  std::unique_ptr<MailLog> mail_log_;
  TlsAlerts alerts_;
  std::unique_ptr<net::Dpdk> dpdk_;
  std::unique_ptr<BlockControl> blocks_;
  DiskMeter disk_;
  BayesModels bayes_;
  OffloadThreads offload_;
  ExaminerThreads examiners_;
  LearnerThread learner_;
  Instant learned_told_;
  std::unique_ptr<web::WebThread> web_;
  std::unique_ptr<TlsReporter> reporter_;
  OperatorState operator_state_;
  HostAnswers host_answers_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<SpamdServer> spamd_;
};

}  // namespace sluice::control
