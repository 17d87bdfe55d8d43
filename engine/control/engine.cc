#include "engine/control/engine.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "engine/control/admin_server.h"
#include "engine/control/disk_interrupts.h"
#include "engine/control/host_commands.h"
#include "engine/control/reload.h"
#include "engine/control/spamd_server.h"
#include "scanners/bayes/models.h"
#include "scanners/compiled_rules.h"

namespace sluice::control {
namespace {

constexpr Duration kAnswersPeriod = seconds(10);
constexpr int kControlPeriodMs = 20;          // log lines reach the file within this time
constexpr Duration kDrainTime = seconds(30);  // for sessions to finish after SIGTERM
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
    : started_(clock_.wall()),
      signals_(open_signals()),
      generations_(*this, std::move(config), clock_.now()) {
  alerts_.configure(this->config().alerts);
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
  if (auto made = make_private_directory(config().queue.directory); !made) return made;
  auto ids = ConnectionIds::open(config().queue.directory);
  if (!ids) return std::unexpected(ids.error());
  ids_ = std::move(*ids);
  auto state = OperatorState::load(config().queue.directory);
  if (!state) return std::unexpected(state.error());
  operator_state_ = std::move(*state);
  host_answers_ = HostAnswers::load(config().queue.directory);
  auto log = MailLog::open(config().log);
  if (!log) return std::unexpected(log.error());
  mail_log_ = std::move(*log);
  return {};
}

std::expected<void, std::string> Engine::make_generation() {
  if (auto made = generations_.make_first(); !made) return made;
  for (const std::string& warning :
       disk_interrupt_warnings(config(), disk_interrupts(config().queue.directory)))
    note(mail::EventKind::engine_warning, warning);
  return {};
}

std::expected<void, std::string> Engine::start_dpdk() {
  if (config().ports.empty()) return {};
  auto dpdk = net::Dpdk::start(dpdk_options(config()));
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
  auto setup = block_setup(config());
  if (!setup) return std::unexpected(setup.error());
  auto blocks = BlockControl::open(std::move(*setup), clock_.wall());
  if (!blocks) return std::unexpected(blocks.error());
  blocks_ = std::move(*blocks);
  blocks_->set_publish([this](const auto& table, const auto& fresh_slots) {
    pool_.on_each([table, fresh_slots](worker::Worker& w, Instant) {
      w.block_filter().exchange(table, fresh_slots);
    });
  });
  return {};
}

std::expected<void, std::string> Engine::start_workers() {
  web_ = std::make_unique<web::WebThread>(web_settings(config()), clock_);
  pool_.make(config(), clock_, *web_);
  web_->start();
  reporter_ =
      std::make_unique<TlsReporter>(*this, *web_, static_cast<std::uint64_t>(clock_.wall().ns));
  reporter_->open(clock_.wall());
  disk_.poll(clock_.now(), config().queue.directory);
  return pool_.start({.generation = generations_.current(),
                      .clock = &clock_,
                      .dpdk = dpdk_.get(),
                      .connection_id_base = ids_.base(),
                      .block_table = blocks_->table(),
                      .directives = directives(),
                      .disk_used = &disk_.used_percent()});
}

std::expected<void, std::string> Engine::open_admin() {
  auto admin = AdminServer::open(config().admin.socket, *this);
  if (!admin) return std::unexpected(admin.error());
  admin_ = std::move(*admin);
  return {};
}

void Engine::config_changed() {
  alerts_.configure(config().alerts);
  reporter_->configure();
}

void Engine::generation_changed() {
  if (spamd_) spamd_->use(spamd_rules(generation()));
}

std::expected<void, std::string> Engine::open_spamd() {
  if (config().spamd.bind.empty()) return {};
  const std::string database =
      config().bayes.enabled && config().spamd.tell ? bayes_folder(config(), "") : "";
  auto server = SpamdServer::start(config().spamd, database, config().bayes.database_bytes_max,
                                   spamd_rules(generation()));
  if (!server) return std::unexpected(server.error());
  spamd_ = std::move(*server);
  note(mail::EventKind::engine_info, "spamd: listening on " + config().spamd.bind);
  return {};
}

void Engine::run() {
  for (bool running = true; running;) {
    const std::size_t events = drain_events();
    keep_ids_ahead();
    watch_workers();
    disk_.poll(clock_.now(), config().queue.directory);
    blocks_->expire(clock_.wall());
    send_alerts(clock_.wall());
    report_web();
    note_learned();
    generations_.refresh();
    reporter_->poll(clock_.wall());
    remember_answers(*this, clock_.now(), kAnswersPeriod);
    admin_->poll(events > 0 ? 0 : kControlPeriodMs, signals_);
    signalfd_siginfo signal{};
    while (read(signals_, &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGHUP) {
        generations_.report(reload());
      } else {
        running = false;
      }
    }
  }
  send_alerts(clock_.wall() + config().alerts.window);  // what has been counted is not lost
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
  for (auto& worker : workers()) {
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
    if (config().alerts.recipients.empty()) continue;
    const auto stored = std::make_shared<std::atomic<bool>>(false);
    const delivery::GeneratedMail mail{config().delivery.postmaster, config().alerts.recipients,
                                       alert->subject, alert->text};
    on_worker(*workers().front(),
              [mail, stored](worker::Worker& w, Instant) { *stored = w.submit(mail); });
    if (!*stored)
      note(mail::EventKind::engine_warning, "the alert could not be sent: the queue took no mail");
  }
}

void Engine::keep_ids_ahead() {
  std::uint64_t used = 0;
  for (auto& worker : workers()) used = std::max(used, worker->counters.ids_used.get());
  auto kept = ids_.keep_ahead(used);
  if (kept || ids_fault_reported_) return;
  ids_fault_reported_ = true;
  note(mail::EventKind::engine_warning, kept.error());
}

void Engine::watch_workers() {
  if (const WorkerThread* worker = pool_.stalled(clock_.now(), config().cores.stall))
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
      config().cores.stall.seconds(), in_hand);
  note(mail::EventKind::engine_warning, text);
  mail_log_->flush();
  std::abort();
}

void Engine::drain_workers() {
  pool_.on_each([](worker::Worker& w, Instant now) { w.drain(now); });
  const Instant until = clock_.now() + kDrainTime;
  for (bool waiting = true; waiting && clock_.now() < until;) {
    auto busy = std::make_shared<std::atomic<int>>(0);
    const bool reached =
        pool_.on_each([busy](worker::Worker& w, Instant) { *busy += w.drained() ? 0 : 1; });
    drain_events();
    waiting = *busy > 0 || !reached;
    if (waiting) admin_->poll(kControlPeriodMs, -1);
  }
}

void Engine::report_web() {
  std::string text;
  while (web_->next_note(text)) note(mail::EventKind::engine_warning, text);
}

void Engine::stop_workers() {
  if (web_) web_->stop();
  pool_.stop();
}

std::shared_ptr<const worker::Directives> Engine::directives() const {
  return std::make_shared<const worker::Directives>(operator_state_.directives());
}

bool Engine::direct_workers() {
  return pool_.on_each(
      [directives = directives()](worker::Worker& w, Instant) { w.direct(*directives); });
}

void Engine::log_action(std::string_view by, std::string_view what) {
  mail_log_->write({.kind = mail::EventKind::operator_action, .text = {by, what}}, clock_.wall());
  mail_log_->flush();
}

void Engine::note_learned() {
  if (clock_.now() - learned_told_ < config().bayes.refresh) return;
  learned_told_ = clock_.now();
  const auto tally = pool_.take_learned();
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

void Engine::note(mail::EventKind kind, std::string_view text) {
  mail_log_->write({.kind = kind, .text = {text}}, clock_.wall());
  mail_log_->flush();
}

}  // namespace sluice::control
