#include "engine/control/engine.h"
#include "engine/control/disk_interrupts.h"
#include "engine/control/host_commands.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "engine/config/load.h"
#include "engine/control/admin_server.h"
#include "engine/control/listener_tls.h"
#include "engine/control/reload.h"
#include "engine/control/spamd_server.h"
#include "engine/control/worker_thread.h"
#include "scanners/bayes/models.h"
#include "scanners/compiled_rules.h"
#include "tls/secret.h"
#include "tls/ticket_keys.h"

namespace sluice::control {
namespace {

constexpr Duration kAnswersPeriod = seconds(10);
constexpr int kControlPeriodMs = 20;          // log lines reach the file within this time
constexpr Duration kDrainTime = seconds(30);  // for sessions to finish after SIGTERM
constexpr Duration kCommandTime = seconds(5);
constexpr std::size_t kEventsPerRound = 65'536;

SpamdServer::Rules spamd_rules(const worker::Generation& generation) {
  const auto& rules = static_cast<const scan::CompiledRules&>(*generation.rules);
  const auto& models = generation.models;
  const bool ready = models != nullptr && models->general != nullptr && models->general->ready();
  return {rules.program(), ready ? models->general : nullptr};
}

// The signals of the engine are read from a descriptor; every thread is started with them blocked.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

std::expected<void, std::string> make_private_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) return std::unexpected("queue.directory " + path + ": " + error.message());
  return {};
}

}  // namespace

Engine::Engine(std::shared_ptr<const config::Config> config)
    : config_(std::move(config)),
      tickets_(std::make_shared<tls::TicketKeys>()),
      started_(clock_.wall()),
      signals_(open_signals()) {
  tickets_rotated_ = clock_.now();
  alerts_.configure(config_->alerts);
}

std::expected<std::unique_ptr<Engine>, std::string> Engine::start(
    std::shared_ptr<const config::Config> config) {
  std::unique_ptr<Engine> engine(new Engine(std::move(config)));
  for (auto step :
       {&Engine::open_files, &Engine::make_generation, &Engine::start_dpdk, &Engine::load_blocks,
        &Engine::start_workers, &Engine::open_admin, &Engine::open_spamd})
    if (auto done = (engine.get()->*step)(); !done) return std::unexpected(done.error());
  engine->note(mail::EventKind::engine_info, "Version: 0.1.0 started");
  return engine;
}

Engine::~Engine() {
  stop_workers();
  blocks_.reset();
  dpdk_.reset();
  if (signals_ >= 0) close(signals_);
}

std::expected<void, std::string> Engine::open_files() {
  if (auto made = make_private_directory(config_->queue.directory); !made) return made;
  auto ids = ConnectionIds::open(config_->queue.directory);
  if (!ids) return std::unexpected(ids.error());
  ids_ = std::move(*ids);
  auto state = OperatorState::load(config_->queue.directory);
  if (!state) return std::unexpected(state.error());
  operator_state_ = std::move(*state);
  host_answers_ = HostAnswers::load(config_->queue.directory);
  auto log = MailLog::open(config_->log);
  if (!log) return std::unexpected(log.error());
  mail_log_ = std::move(*log);
  return {};
}

std::expected<void, std::string> Engine::make_generation() {
  if (auto ensured = ensure_certificates(*config_); !ensured) return ensured;
  auto generation = load_generation(config_, tickets_, bayes_.load(*config_, clock_.now()));
  if (!generation) return std::unexpected(generation.error());
  generation_ = std::move(*generation);
  note_rules();
  note_certificates();
  for (const std::string& warning :
       disk_interrupt_warnings(*config_, disk_interrupts(config_->queue.directory)))
    note(mail::EventKind::engine_warning, warning);
  return {};
}

void Engine::note_rules() {
  for (const std::string& text : bayes_.take_faults()) note(mail::EventKind::engine_warning, text);
  for (const std::string& text : generation_->rules->notes())
    note(mail::EventKind::engine_info, text);
}

// The first start with TLS has a certificate too. Keys are about to be read: no core dumps.
std::expected<void, std::string> Engine::ensure_certificates(const config::Config& config) {
  const bool tls = std::ranges::any_of(
      config.listeners, [](const auto& listener) { return listener.tls != config::Tls::off; });
  if (tls && !config.tls.core_dumps) tls::forbid_core_dumps();
  auto done = control::ensure_certificates(config);
  if (!done) return std::unexpected(done.error());
  if (!done->empty()) note(mail::EventKind::engine_warning, *done);
  return {};
}

void Engine::note_certificates() {
  const CertificateStore store(config_->tls.store);
  for (const std::string& warning :
       certificate_warnings(*generation_, clock_.wall(), store.newest()))
    note(mail::EventKind::engine_warning, warning);
}

std::expected<void, std::string> Engine::start_dpdk() {
  if (config_->ports.empty()) return {};
  auto dpdk = net::Dpdk::start(dpdk_options(*config_));
  if (!dpdk) return std::unexpected(dpdk.error());
  dpdk_ = std::move(*dpdk);
  note(mail::EventKind::engine_info, dpdk_->uses_hugepages()
                                         ? "DPDK memory: hugepages"
                                         : "DPDK memory: ordinary pages, [memory] dpdk_mib");
  for (const net::DpdkPortFacts& port : dpdk_->facts())
    note(mail::EventKind::engine_info,
         fmt::format("port {}: {}, {}, offloads: {}, link {}", port.name, port.driver,
                     port.steering, port.offloads, port.link_up ? "up" : "down"));
  return {};
}

std::expected<void, std::string> Engine::load_blocks() {
  auto setup = block_setup(*config_);
  if (!setup) return std::unexpected(setup.error());
  auto blocks = BlockControl::open(std::move(*setup), clock_.wall());
  if (!blocks) return std::unexpected(blocks.error());
  blocks_ = std::move(*blocks);
  blocks_->set_publish([this](const auto& table, const auto& fresh_slots) {
    for (auto& worker : workers_)
      on_worker(*worker, [table, fresh_slots](worker::Worker& w, Instant) {
        w.block_filter().exchange(table, fresh_slots);
      });
  });
  return {};
}

std::expected<void, std::string> Engine::start_workers() {
  web_ = std::make_unique<web::WebThread>(web_settings(*config_), clock_);
  for (unsigned i = 0; i < config_->cores.workers.size(); ++i) {
    workers_.push_back(std::make_unique<WorkerThread>(config_->log.ring_bytes, clock_));
    workers_.back()->handshakes = offload_.connect(*config_);
    workers_.back()->policies =
        &web_->add_desk([worker = workers_.back().get()] { wake(*worker); });
    workers_.back()->examinations =
        examiners_.connect(*config_, [worker = workers_.back().get()] { wake(*worker); });
    workers_.back()->lessons = learner_.connect(*config_);
  }
  web_->start();
  examiners_.start(config_->cores);
  learner_.start(config_);
  reporter_ =
      std::make_unique<TlsReporter>(*this, *web_, static_cast<std::uint64_t>(clock_.wall().ns));
  reporter_->open(clock_.wall());
  if (std::string problem = offload_.start(config_->cores); !problem.empty())
    return std::unexpected(problem);
  disk_.poll(clock_.now(), config_->queue.directory);
  std::vector<std::future<std::string>> answers;
  const auto directives = std::make_shared<const worker::Directives>(operator_state_.directives());
  for (unsigned i = 0; i < workers_.size(); ++i) {
    WorkerThread& self = *workers_[i];
    self.wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    std::promise<std::string> ready;
    answers.push_back(ready.get_future());
    const WorkerStart start{i,           generation_,      &clock_,    dpdk_.get(),
                            ids_.base(), blocks_->table(), directives, &disk_.used_percent()};
    self.thread = std::thread(run_worker_thread, start, std::ref(self), std::move(ready));
  }
  std::string problems;
  for (auto& answer : answers)
    if (std::string problem = answer.get(); !problem.empty()) problems += problem + "\n";
  if (problems.empty()) return {};
  problems.pop_back();
  return std::unexpected(problems);
}

std::expected<void, std::string> Engine::open_admin() {
  auto admin = AdminServer::open(config_->admin.socket, *this);
  if (!admin) return std::unexpected(admin.error());
  admin_ = std::move(*admin);
  return {};
}

void Engine::tell_spamd() {
  if (spamd_) spamd_->use(spamd_rules(*generation_));
}

std::expected<void, std::string> Engine::open_spamd() {
  if (config_->spamd.bind.empty()) return {};
  const std::string database =
      config_->bayes.enabled && config_->spamd.tell ? bayes_folder(*config_, "") : "";
  auto server = SpamdServer::start(config_->spamd, database, config_->bayes.database_bytes_max,
                                   spamd_rules(*generation_));
  if (!server) return std::unexpected(server.error());
  spamd_ = std::move(*server);
  note(mail::EventKind::engine_info, "spamd: listening on " + config_->spamd.bind);
  return {};
}

void Engine::run() {
  for (bool running = true; running;) {
    const std::size_t events = drain_events();
    keep_ids_ahead();
    watch_workers();
    disk_.poll(clock_.now(), config_->queue.directory);
    rotate_ticket_keys();
    blocks_->expire(clock_.wall());
    send_alerts(clock_.wall());
    report_web();
    refresh_models();
    reporter_->poll(clock_.wall());
    remember_answers(*this, clock_.now(), kAnswersPeriod);
    admin_->poll(events > 0 ? 0 : kControlPeriodMs, signals_);
    signalfd_siginfo signal{};
    while (read(signals_, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGHUP) {
        report_reload(reload());
      } else {
        running = false;
      }
    }
  }
  send_alerts(clock_.wall() + config_->alerts.window);  // what has been counted is not lost
  spamd_.reset();
  drain_workers();
  reporter_->close(clock_.wall());
  remember_answers(*this, clock_.now());
  stop_workers();
  while (drain_events() > 0) continue;
  note(mail::EventKind::engine_info, "stopped");
}

std::size_t Engine::drain_events() {
  std::size_t count = 0;
  std::uint64_t dropped = 0;
  for (auto& worker : workers_) {
    mail::Event event;
    WallTime at;
    for (std::size_t left = kEventsPerRound; left > 0 && worker->events.front(event, at); --left) {
      mail_log_->write(event, at);
      alerts_.note(event, at);
      worker->events.pop();
      ++count;
    }
    dropped += worker->events.dropped();
  }
  if (count > 0) mail_log_->flush();
  if (dropped > events_dropped_) {
    note(mail::EventKind::engine_warning,
         fmt::format("{} log events lost: [log] ring_bytes is too small for this load",
                     dropped - events_dropped_));
    events_dropped_ = dropped;
  }
  return count;
}

// To the log, and by mail to whoever is configured.
void Engine::send_alerts(WallTime until) {
  while (const auto alert = alerts_.next(until)) {
    note(mail::EventKind::alert, alert->summary);
    if (config_->alerts.recipients.empty()) continue;
    const auto stored = std::make_shared<std::atomic<bool>>(false);
    const delivery::GeneratedMail mail{config_->delivery.postmaster, config_->alerts.recipients,
                                       alert->subject, alert->text};
    on_worker(*workers_.front(),
              [mail, stored](worker::Worker& w, Instant) { *stored = w.submit(mail); });
    if (!*stored)
      note(mail::EventKind::engine_warning, "the alert could not be sent: the queue took no mail");
  }
}

void Engine::keep_ids_ahead() {
  std::uint64_t used = 0;
  for (auto& worker : workers_) used = std::max(used, worker->counters.ids_used.get());
  auto kept = ids_.keep_ahead(used);
  if (kept || ids_fault_reported_) return;
  ids_fault_reported_ = true;
  note(mail::EventKind::engine_warning, kept.error());
}

void Engine::watch_workers() {
  for (auto& worker : workers_)
    if (worker->running.load(std::memory_order_acquire) &&
        worker->stall.stalled(clock_.now(), worker->rounds.load(std::memory_order_relaxed),
                              config_->cores.stall))
      end_stalled(*worker);
}

// The message in hand stays noted on the disk: the next start counts it (engine/worker/poison.h).
// Not in order, since the worker cannot; with a core where cores are allowed.
void Engine::end_stalled(const WorkerThread& worker) {
  std::string in_hand = "nothing";
  if (worker.worker->in_hand() != nullptr)
    if (const auto left = worker.worker->in_hand()->now(); left.mid != 0)
      in_hand = fmt::format("MID {} ({})", left.mid, queueing::name_of(left.work));
  drain_events();
  const std::string text = fmt::format(
      "a worker has been at one thing for {} s (cores.stall), with {} in hand: the engine ends",
      config_->cores.stall.seconds(), in_hand);
  note(mail::EventKind::engine_warning, text);
  mail_log_->flush();
  std::abort();
}

void Engine::rotate_ticket_keys() {
  const Duration period = config_->tls.ticket_rotation;
  if (period.ns == 0 || clock_.now() - tickets_rotated_ < period) return;
  tickets_->rotate();
  tickets_rotated_ = clock_.now();
}

void Engine::drain_workers() {
  for (auto& worker : workers_)
    on_worker(*worker, [](worker::Worker& w, Instant now) { w.drain(now); });
  const Instant until = clock_.now() + kDrainTime;
  for (bool waiting = true; waiting && clock_.now() < until;) {
    auto busy = std::make_shared<std::atomic<int>>(0);
    for (auto& worker : workers_)
      on_worker(*worker, [busy](worker::Worker& w, Instant) { *busy += w.drained() ? 0 : 1; });
    drain_events();
    waiting = *busy > 0;
    if (waiting) admin_->poll(kControlPeriodMs, -1);
  }
}

void Engine::report_web() {
  std::string text;
  while (web_->next_note(text)) note(mail::EventKind::engine_warning, text);
}

void Engine::stop_workers() {
  if (web_) web_->stop();
  for (auto& worker : workers_) {
    worker->stop.store(true, std::memory_order_release);
    wake(*worker);
  }
  for (auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
    if (worker->wake_descriptor >= 0) close(std::exchange(worker->wake_descriptor, -1));
  }
  offload_.stop();
  examiners_.stop();
  learner_.stop();
}

bool Engine::on_worker(WorkerThread& worker, worker::Worker::Command command) {
  if (!worker.running.load(std::memory_order_acquire)) return false;
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  const bool posted =
      worker.worker->post([command = std::move(command), done](worker::Worker& w, Instant now) {
        command(w, now);
        done->set_value();
      });
  if (!posted) return false;
  wake(worker);
  return finished.wait_for(std::chrono::nanoseconds(kCommandTime.ns)) == std::future_status::ready;
}

bool Engine::direct_workers() {
  const auto directives = std::make_shared<const worker::Directives>(operator_state_.directives());
  bool all = true;
  for (auto& worker : workers_)
    all &= on_worker(*worker, [directives](worker::Worker& w, Instant) { w.direct(*directives); });
  return all;
}

void Engine::log_action(std::string_view by, std::string_view what) {
  mail_log_->write({.kind = mail::EventKind::operator_action, .text = {by, what}}, clock_.wall());
  mail_log_->flush();
}

std::string Engine::reload() {
  auto fresh = reloadable_config(*config_);
  if (!fresh) return fresh.error();
  if (auto ensured = ensure_certificates(**fresh); !ensured) return ensured.error();
  auto generation = load_generation(*fresh, tickets_, bayes_.load(**fresh, clock_.now()));
  if (!generation) return generation.error();
  config_ = std::move(*fresh);
  alerts_.configure(config_->alerts);
  reporter_->configure();
  std::string late = publish(std::move(*generation));
  note_rules();
  return late;
}

void Engine::note_learned() {
  if (clock_.now() - learned_told_ < config_->bayes.refresh) return;
  learned_told_ = clock_.now();
  const auto tally = learner_.take_tally();
  if (tally.spam + tally.ham > 0)
    note(mail::EventKind::engine_info,
         fmt::format("bayes: learned unasked: {} spam, {} ham", tally.spam, tally.ham));
  if (tally.dropped > 0)
    note(mail::EventKind::engine_warning,
         fmt::format("bayes: {} messages were not learned: [bayes] auto_learn_bytes is too small",
                     tally.dropped));
  if (!tally.fault.empty())
    note(mail::EventKind::engine_warning, "bayes: not learned: " + tally.fault);
}

// What was learned since. The scores of rules are others beside a classifier, so that the rules are
// made anew when it begins to have an opinion.
void Engine::refresh_models() {
  note_learned();
  auto models = bayes_.refresh(*config_, clock_.now());
  if (models == nullptr) return;
  const bool was_ready = generation_->models != nullptr && generation_->models->ready();
  const bool ready = models->ready();
  if (ready != was_ready) {
    auto generation = load_generation(config_, tickets_, std::move(models));
    if (!generation) return report_reload(generation.error());
    publish(std::move(*generation));
    note_rules();
    return note(mail::EventKind::engine_info, ready ? "bayes: enough was learned to be asked"
                                                    : "bayes: not enough is learned any more");
  }
  auto generation = std::make_shared<worker::Generation>(*generation_);
  generation->models = std::move(models);
  const auto before = std::exchange(generation_, std::move(generation));  // freed here, not there
  for (auto& worker : workers_)
    on_worker(*worker,
              [models = generation_->models](worker::Worker& w, Instant) { w.set_models(models); });
  tell_spamd();
  for (const std::string& text : bayes_.take_faults()) note(mail::EventKind::engine_warning, text);
}

std::string Engine::reload_certificates() {
  auto fresh = std::make_shared<worker::Generation>(*generation_);
  fresh->tls.clear();
  fresh->certificates.clear();
  if (auto loaded = load_listener_tls(tickets_, *fresh); !loaded) return loaded.error();
  return publish(std::move(fresh));
}

// Sessions finish on the generation that they began with.
std::string Engine::publish(std::shared_ptr<const worker::Generation> generation) {
  generation_ = std::move(generation);
  note_certificates();
  tell_spamd();
  std::string late;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const bool reached = on_worker(
        *workers_[i],
        [generation = generation_](worker::Worker& w, Instant) { w.reconfigure(*generation); });
    if (!reached) late += fmt::format("worker {} has not taken it over yet\n", i);
  }
  return late;
}

// One line of the log for each line of the problem.
void Engine::report_reload(std::string_view problem) {
  if (problem.empty()) return note(mail::EventKind::engine_info, "configuration reloaded");
  while (!problem.empty()) {
    const auto end = problem.find('\n');
    note(mail::EventKind::engine_warning, fmt::format("reload: {}", problem.substr(0, end)));
    problem.remove_prefix(end == std::string_view::npos ? problem.size() : end + 1);
  }
}

void Engine::note(mail::EventKind kind, std::string_view text) {
  mail_log_->write({.kind = kind, .text = {text}}, clock_.wall());
  mail_log_->flush();
}

}  // namespace sluice::control
