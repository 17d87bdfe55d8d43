#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "engine/net/range_prefix_table.h"

namespace sluice::sim {
namespace {

constexpr std::uint32_t kEngineAddress = 0x0a000001;
constexpr std::uint32_t kOutsideAddress = 0x0a000002;
constexpr std::uint16_t kSmtpPort = 25;
constexpr std::size_t kPackets = 2'048;  // of each side
constexpr std::uint32_t kConnections = 256;
constexpr Duration kTimeWait = seconds(10);
constexpr Duration kUserTimeout = seconds(30);
// Liveness: everything is done this long after the last fault.
constexpr Duration kDrainTime = minutes(15);
// After it every idle connection has met its time-out and left TIME-WAIT.
constexpr Duration kIdleTime = minutes(3);
constexpr Duration kShortestStep = microseconds(50);
constexpr Duration kLongestStep = milliseconds(500);

std::shared_ptr<const config::Config> make_config() {
  config::Config config;
  config.hostname = "mx.engine.example";
  config.memory.blocks = 64;
  config.memory.sessions = 64;
  config.memory.transactions = 4;
  config.listeners.push_back({.name = "inbound",
                              .port_name = "wire",
                              .tcp_port = kSmtpPort,
                              .command_timeout = seconds(60),
                              .data_block_timeout = seconds(60),
                              .relay_from = {Prefix{IpAddress::from_v4(kOutsideAddress), 32}}});
  config.routes.push_back({.domain = "*",
                           .next_hops = {Endpoint{IpAddress::from_v4(kOutsideAddress), kSmtpPort}},
                           .via = "wire"});
  config.delivery.connections = 16;
  config.delivery.connections_per_destination = 4;
  config.delivery.messages_per_connection = 5;
  config.delivery.retry = {seconds(2), seconds(4), seconds(8), seconds(20)};
  config.delivery.delay_notice = {};
  config.delivery.bounce_expire = hours(5 * 24);  // longer than the clock can be off
  config.delivery.command_timeout = seconds(20);
  config.delivery.data_timeout = seconds(30);
  config.queue.segment_bytes = 256 * 1024;
  config.queue.segments_max = 32;
  config.queue.segments_spare = 1;
  config.queue.disk_reserve = 0;
  config.queue.messages_max = 1'000;
  return std::make_shared<const config::Config>(std::move(config));
}

std::unique_ptr<net::Transport> make_stack(std::uint32_t address, std::uint64_t seed,
                                           net::Port& port, Instant now) {
  net::StackOptions options;
  options.addresses = {Prefix{IpAddress::from_v4(address), 24}};
  options.seed = seed;
  options.connections_max = kConnections;
  options.receive_window = options.send_buffer = 32 * 1024;
  options.time_wait = kTimeWait;
  options.user_timeout = kUserTimeout;
  return net::make_stack(options, port, now);
}

}  // namespace

bool World::Occasion::due(Instant now, Random& random) {
  if (mean.ns == 0 || now < next) return false;
  next = now +
         Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * mean.ns)))};
  return true;
}

World::World(const Scenario& scenario)
    : scenario_(scenario),
      random_(scenario.seed),
      config_(make_config()),
      wire_(scenario.seed, scenario.wire, kPackets),
      sender_reset_{scenario.sender_reset},
      hop_reset_{scenario.hop_reset},
      crash_{scenario.crash},
      disk_error_{scenario.disk_error},
      disk_full_{scenario.disk_full},
      clock_set_{scenario.clock_set} {
  for (Occasion* occasion :
       {&sender_reset_, &hop_reset_, &crash_, &disk_error_, &disk_full_, &clock_set_})
    occasion->next = Instant{} + occasion->mean;
  scan::ScanSettings settings = worker::scan_settings(*config_);
  settings.cache.clear();  // the disk of the simulation is not that of this machine
  auto rules = scan::RuleSet::load({}, settings);
  SLUICE_ASSERT(rules.has_value());
  generation_ = std::make_shared<worker::Generation>(worker::Generation{config_, *rules, {}});
  outside_ = make_stack(kOutsideAddress, scenario.seed, wire_.port(1), clock_.now());
  SLUICE_ASSERT(outside_->listen({IpAddress{}, kSmtpPort}, 0));
  for (std::size_t i = 0; i < scenario.senders * scenario.messages; ++i)
    ledger_.sent.push_back(draw_message(i, random_));
  for (std::size_t i = 0; i < scenario.senders; ++i)
    senders_.emplace_back(*outside_, Endpoint{IpAddress::from_v4(kEngineAddress), kSmtpPort},
                          ledger_, i * scenario.messages, scenario.messages, scenario.gap,
                          random_.next());
  auto device = std::make_unique<queueing::MemoryDevice>(scenario.seed);
  start_worker(std::move(device));
}

World::~World() = default;

void World::start_worker(std::unique_ptr<queueing::MemoryDevice> device) {
  device_ = device.get();
  device_->faults = disk();
  worker::WorkerSetup setup{.generation = generation_,
                            .clock = &clock_,
                            .events = &events_,
                            .counters = &counters_,
                            .ledger = &cycles_};
  setup.transports.push_back(
      {"wire", make_stack(kEngineAddress, random_.next(), wire_.port(0), clock_.now())});
  setup.block_filter =
      std::make_unique<worker::BlockFilter>(std::make_shared<net::RangePrefixTable>(0), 0);
  setup.device = std::move(device);
  setup.connection_id_base = ++lives_ * 1'000'000ULL;
  auto worker = worker::Worker::create(std::move(setup));
  if (!worker) ledger_.faults.push_back("the engine does not start: " + worker.error());
  SLUICE_ASSERT(worker.has_value());
  worker_ = std::move(*worker);
}

queueing::MemoryDevice::Faults World::disk() const {
  return {.late = scenario_.disk_late,
          .reorder = scenario_.disk_reorder,
          .sector_bytes = scenario_.disk_sector,
          .ruined = scenario_.disk_ruined};
}

// The disk is copied as the crash left it: what the dying worker still does reaches nobody.
void World::crash() {
  ledger_.crashes.push_back(clock_.now());
  device_->crash();
  auto disk = std::make_unique<queueing::MemoryDevice>(*device_);
  worker_.reset();
  start_worker(std::move(disk));
  restart_at_ = disk_free_at_ = Instant::never();
}

void World::round() {
  const Instant now = clock_.now();
  wire_.advance(now);
  outside_->poll(now);
  const std::size_t work = worker_->tick(now);
  work_of_peers();
  outside_->flush(now);
  clock_.set(std::clamp(next_event(work), now + kShortestStep, now + kLongestStep));
}

void World::work_of_peers() {
  const Instant now = clock_.now();
  while (net::Connection* connection = outside_->next_ready()) {
    if (connection->owner != 0) continue;
    connection->owner = 1;
    hop_.emplace_back(*connection, ledger_, scenario_, random_, now);
  }
  for (Sender& sender : senders_) sender.work(now);
  for (auto session = hop_.begin(); session != hop_.end();) {
    session->work(now);
    if (!session->over()) {
      ++session;
      continue;
    }
    outside_->release(session->connection());
    session = hop_.erase(session);
  }
}

Instant World::next_event(std::size_t work) {
  const Instant now = clock_.now();
  if (work > 0 || worker_->polls()) return now + kShortestStep;
  Instant next =
      std::min(wire_.next_event(), std::min(outside_->next_deadline(), worker_->next_deadline()));
  for (const Sender& sender : senders_) next = std::min(next, sender.next_event());
  for (const HopSession& session : hop_) next = std::min(next, session.next_event());
  return next;
}

void World::make_faults() {
  const Instant now = clock_.now();
  if (sender_reset_.due(now, random_))
    std::next(senders_.begin(), static_cast<long>(random_.below(senders_.size())))->reset();
  if (hop_reset_.due(now, random_) && !hop_.empty())
    std::next(hop_.begin(), static_cast<long>(random_.below(hop_.size())))->reset();
  if (disk_error_.due(now, random_)) {
    auto& faults = device_->faults;
    if (random_.chance(0.5)) {
      faults.write_error = EIO;
      faults.write_errors = 1;
    } else {
      faults.sync_error = EIO;
      faults.sync_errors = 1;
    }
    restart_at_ = now + seconds(2);
  }
  if (disk_full_.due(now, random_)) {
    device_->faults.free_bytes = 0;
    disk_free_at_ = now + seconds(1);
  }
  if (now >= disk_free_at_) {
    device_->faults.free_bytes = UINT64_MAX;
    disk_free_at_ = Instant::never();
  }
  const bool crashes = crash_.due(now, random_);
  if (crashes && random_.chance(0.5)) device_->faults.cut_after = random_.below(20);
  if (now >= restart_at_ || device_->power_is_gone() ||
      (crashes && device_->faults.cut_after == UINT64_MAX))
    crash();
  if (clock_set_.due(now, random_)) set_clock();
}

// By some days, forward or back.
void World::set_clock() {
  const WallTime right = ManualClock().wall() + Duration{clock_.now().ns};
  const auto off = random_.below(static_cast<std::uint64_t>(2 * kClockOff.seconds()));
  clock_.set_wall(right + seconds(static_cast<std::int64_t>(off)) - kClockOff);
}

void World::end_faults() {
  wire_.set_options({.delay = scenario_.wire.delay});
  scenario_.disk_late = scenario_.disk_reorder = scenario_.disk_ruined = 0;
  scenario_.hop_refuses = scenario_.hop_stalls = scenario_.hop_loses_reply = 0;
  if (restart_at_ != Instant::never() || device_->power_is_gone()) crash();
  device_->faults = disk();
}

bool World::drained() {
  return std::ranges::all_of(senders_, [](const Sender& sender) { return sender.done(); }) &&
         worker_->shard().counts().messages == 0 && worker_->drained();
}

bool World::run_until_drained(Duration limit) {
  const Instant end = clock_.now() + limit;
  while (!drained() && clock_.now() < end) round();
  return drained();
}

void World::run_for(Duration span) {
  for (const Instant end = clock_.now() + span; clock_.now() < end;) round();
}

std::string World::run() {
  while (clock_.now() < Instant{} + scenario_.safety) {
    make_faults();
    round();
  }
  end_faults();
  const bool drained = run_until_drained(kDrainTime);
  for (const std::string& fault : ledger_.faults) return fault;
  for (auto* check : {check_nothing_lost, check_nothing_invented, check_duplicates})
    if (std::string fault = check(ledger_); !fault.empty()) return fault;
  if (!drained)
    return fmt::format("not drained: {} messages queued, {} connections open",
                       worker_->shard().counts().messages, outside_->open_connections());
  run_for(kIdleTime);
  return check_resources();
}

// Everything is home: blocks, sessions, packets, control blocks.
std::string World::check_resources() {
  const std::string blocks = fmt::format("{} of {} blocks are free",
                                         counters_.blocks_available.get(), config_->memory.blocks);
  if (counters_.blocks_available.get() != config_->memory.blocks) return blocks;
  if (counters_.sessions.get() != 0) return fmt::format("{} sessions", counters_.sessions.get());
  const std::uint64_t connections = counters_.tcp_connections.get() +
                                    counters_.tcp_half_open.get() + counters_.tcp_time_wait.get() +
                                    outside_->open_connections();
  if (connections != 0) return fmt::format("{} connections are left", connections);
  for (int side : {0, 1}) {
    const net::ArenaPool& pool = static_cast<const net::ArenaPool&>(wire_.port(side).pool());
    if (pool.available() != pool.capacity())
      return fmt::format("{} of {} packets are free", pool.available(), pool.capacity());
  }
  return {};
}

}  // namespace sluice::sim
