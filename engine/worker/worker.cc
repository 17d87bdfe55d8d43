#include "engine/worker/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "engine/delivery/retry_schedule.h"
#include "engine/net/stack.h"
#include "engine/worker/memory_plan.h"
#include "engine/worker/scan_report.h"
#include "queueing/log_device.h"

namespace sluice::worker {
namespace {

constexpr int kReadyBudget = 256;  // sessions run per tick; the rest wait for the next
constexpr std::size_t kReadsPerTick = 256;
constexpr std::size_t kCommandRing = 256;

constexpr smtp::Reply kDraining{421, "4.3.2", "Service shutting down, try again later"};
constexpr smtp::Reply kPaused{421, "4.3.2", "No mail is accepted now, try again later"};
constexpr smtp::Reply kOverloaded{421, "4.3.2", "Insufficient system resources, try again later"};
constexpr smtp::Reply kQueueFailed{421, "4.3.0", "Local error in processing, try again later"};
constexpr smtp::Reply kTooManySessions{421, "4.3.2", "Too many connections, try again later"};
constexpr smtp::Reply kBlocked{554, "5.7.1", "No mail is taken from your address"};
constexpr smtp::Reply kTooManyHandshakes{421, "4.7.0", "Too many TLS handshakes from your address"};
constexpr smtp::Reply kTooManyFromSource{421, "4.7.0", "Too many connections from your address"};

queueing::ShardOptions shard_options(const WorkerSetup& setup, BlockPool& blocks) {
  const config::Queue& queue = setup.generation->config->queue;
  queueing::ShardOptions options;
  options.directory = queue.directory + "/shard-" + std::to_string(setup.index);
  options.shard = setup.index;
  options.segment_bytes = queue.segment_bytes;
  options.segments_max = queue.segments_max;
  options.segments_spare = queue.segments_spare;
  options.disk_reserve = queue.disk_reserve;
  options.messages_max = queue.messages_max;
  options.arrivals_max = setup.generation->config->memory.transactions;
  options.blocks = &blocks;
  return options;
}

// MIDs of all cores are disjoint: worker i of n uses those with mid % n == i.
std::uint64_t first_mid(const queueing::Shard& shard, unsigned index, unsigned count) {
  const std::uint64_t above = shard.highest_mid() + 1;
  return above + (index + count - above % count) % count;
}

}  // namespace

std::expected<std::unique_ptr<Worker>, std::string> Worker::create(WorkerSetup setup) {
  auto blocks = std::make_unique<BlockPool>(setup.generation->config->memory.blocks);
  auto shard = queueing::Shard::open(shard_options(setup, *blocks), *setup.device);
  if (!shard) return std::unexpected(shard.error());
  std::unique_ptr<Worker> worker(
      new Worker(std::move(setup), std::move(blocks), std::move(*shard)));
  if (auto listening = worker->listen(); !listening) return std::unexpected(listening.error());
  return worker;
}

Worker::Worker(WorkerSetup setup, std::unique_ptr<BlockPool> blocks,
               std::unique_ptr<queueing::Shard> shard)
    : setup_(std::move(setup)),
      timers_(setup_.clock->now()),
      clock_(setup_.clock->now(), setup_.clock->wall()),
      blocks_(std::move(blocks)),
      shard_(std::move(shard)),
      icids_(setup_.connection_id_base + setup_.index + 1, setup_.count),
      dcids_(setup_.connection_id_base + setup_.index + 1, setup_.count),
      mids_(first_mid(*shard_, setup_.index, setup_.count), setup_.count),
      tls_buffers_(kTlsSpareBuffers),
      handshake_rates_(setup_.generation->config->memory.sessions, setup_.seed),
      core_{*setup_.clock,       timers_,         *blocks_, *shard_,      *setup_.events,
            *setup_.counters,    *setup_.ledger,  mids_,    tls_buffers_, setup_.handshakes,
            setup_.examinations, handshake_rates_},
      resolver_(setup_.dns, find_transport(setup_.generation->config->dns.via),
                find_datagrams(setup_.generation->config->dns.via), setup_.dns_seed),
      names_(setup_.generation->config->dns.reverse_lookups_max, resolver_, timers_),
      sources_(setup_.generation->config->memory.sessions, setup_.seed),
      sessions_(setup_.generation->config->memory.sessions),
      commands_(kCommandRing) {
  core_.lessons = setup_.lessons;
  if (!setup_.evidence.empty()) {
    in_hand_ = std::make_unique<queueing::InHand>(setup_.evidence);
    core_.in_hand = in_hand_.get();
    if (in_hand_->left())
      poison_ = std::make_unique<Poison>(setup_.evidence + "/suspects", *in_hand_->left());
  }
  reconfigure(*setup_.generation);
  keep_waits({});  // the clock may have been set while no engine ran
  delivery_ = delivery::Delivery::create(
      {setup_.generation->config.get(), shard_.get(),
       [this](std::string_view via) { return find_transport(via); }, setup_.events, blocks_.get(),
       &mids_, &dcids_, &tls_buffers_, setup_.generation->client_tls, &resolver_, in_hand_.get(),
       setup_.policies});
  if (setup_.directives) direct(*setup_.directives);
  report_recovery();
}

Worker::~Worker() {
  delivery_.reset();
  sessions_.for_each([this](Inbound& session) {
    session.close();
    session.connection().abort();
    session.transport().release(session.connection());
  });
  shard_.reset();
  backlog_.stop();
  // The examiners read blocks of this worker.
  if (core_.examinations != nullptr) core_.examinations->close();
}

std::expected<void, std::string> Worker::listen() {
  const auto& listeners = setup_.generation->config->listeners;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const config::Listener& listener = listeners[i];
    net::Transport* transport = find_transport(listener.port_name);
    SLUICE_ASSERT(transport != nullptr);
    const Endpoint local{listener.address, listener.tcp_port};
    auto result = transport->listen(local, static_cast<std::uint32_t>(i));
    if (!result)
      return std::unexpected("listener \"" + listener.name + "\": cannot listen on " +
                             local.text() + ": " + net::describe(result.error()));
  }
  return {};
}

std::size_t Worker::tick(Instant now) {
  core_.ledger.begin_tick();
  core_.slice_end = core_.clock.now() + listener_sets_.back()->config->cores.slice;
  if (now >= gauges_due_) {
    watch_queue();
    watch_pressure();
  }
  watch_clock(now);
  std::size_t work = 0;
  {
    StageScope scope(core_.ledger, Stage::receive);
    for (NamedTransport& t : setup_.transports) work += t.transport->poll(now);
  }
  work += run_ready(now);
  work += run_handshakes(now);
  work += run_examinations(now);
  work += run_dns(now);
  work += run_policies(now);
  work += run_queue(now);
  {
    StageScope scope(core_.ledger, Stage::delivery);
    work += reap_reads(now);
    if (work_may_begin(now)) work += delivery_->poll(now, clock_.wall());
  }
  if (poison_ == nullptr && (!draining_ || backlog_.busy()))
    work += backlog_.poll(clock_.wall(), *delivery_);
  {
    StageScope scope(core_.ledger, Stage::timers);
    work += timers_.advance(now);
  }
  work += run_due(now);
  work += run_commands(now);
  {
    StageScope scope(core_.ledger, Stage::transmit);
    for (NamedTransport& t : setup_.transports) t.transport->flush(now);
  }
  if (now >= gauges_due_) publish_gauges(now);
  core_.ledger.end_tick(work > 0);
  return work;
}

// One reading of the wall clock serves a whole round, so that what it decides fits together.
void Worker::watch_clock(Instant now) {
  const Duration by = clock_.look(now, core_.clock.wall());
  if (by == Duration{}) return;
  keep_waits(by);
  backlog_.clock_was_set();
  const std::string text = fmt::format("the clock was set {} by {} s; waits go on as they were",
                                       by.ns > 0 ? "forward" : "back", std::abs(by.seconds()));
  core_.events.emit({.kind = mail::EventKind::engine_warning, .text = {text}});
}

void Worker::keep_waits(Duration by) noexcept {
  const Duration longest = delivery::longest_wait(*listener_sets_.back()->config);
  shard_->clock_was_set({.by = by, .now = clock_.wall(), .latest = clock_.wall() + longest});
}

// Not before the message that ended the last process has been judged.
bool Worker::work_may_begin(Instant now) {
  if (poison_ == nullptr) return true;
  if (!poison_->judge(*shard_, core_.events, now, clock_.wall())) return false;
  poison_.reset();
  return true;
}

std::size_t Worker::run_ready(Instant now) {
  std::size_t work = 0;
  for (NamedTransport& t : setup_.transports) {
    for (int ran = 0; ran < kReadyBudget; ++ran) {
      if (ran > 0 && core_.slice_is_over()) break;  // one of each transport in any case
      net::Connection* connection = t.transport->next_ready();
      if (connection == nullptr) break;
      ++work;
      if (connection->owner == 0) {
        adopt(*t.transport, *connection, now);
      } else if ((connection->owner & dns::kDnsOwner) == dns::kDnsOwner) {
        resolver_.on_ready(*connection, now);
      } else if ((connection->owner & delivery::kOutboundOwner) != 0) {
        StageScope scope(core_.ledger, Stage::delivery);
        delivery_->on_ready(*connection, now, clock_.wall());
      } else if (Inbound* session = sessions_.find(Handle::unpack(connection->owner))) {
        settle(*session, session->run(now));
      }
    }
  }
  return work;
}

void Worker::adopt(net::Transport& transport, net::Connection& connection, Instant now) {
  const auto blocked = block_filter().refusal(connection.remote().address);
  const bool unwelcome = blocked && *blocked != policy::BlockMode::refuse;
  Inbound* session = unwelcome ? nullptr : sessions_.acquire();
  if (session == nullptr) {  // unwelcome, or not even a 421 can be had: the pool bounds memory
    core_.counters.connections_refused.add();
    connection.abort();
    transport.release(connection);
    return;
  }
  const Handle handle = sessions_.handle(*session);
  connection.owner = handle.packed();
  ListenerSet& set = *listener_sets_.back();
  const ListenerState& listener = set.listeners[connection.listener];
  const smtp::Reply reply =
      blocked ? kBlocked : refusal(listener, connection.remote().address, now);
  (reply.code == 0 ? core_.counters.connections : core_.counters.connections_refused).add();
  session->open(core_, transport, connection, set, listener, icids_.take(), handle, now);
  if (reply.code == 0) session->set_counted();
  const Duration patience =
      reply.code == 0 ? set.config->dns.reverse_timeout : Duration{};  // who is refused has no name
  if (const auto name = names_.begin(session->source(), handle, patience, now))
    session->begin(*name, reply, now);
  settle(*session, session->run(now));
}

// Takes in answers, and lets those sessions begin that have waited for them.
std::size_t Worker::run_dns(Instant now) {
  std::size_t work = resolver_.poll(now);
  dns::Resolver::Done done;
  for (; resolver_.next_done(done); ++work) {
    if (done.token.asker == NameLookups::kAsker)
      names_.answered(done, now);
    else
      delivery_->on_answer(done, now, clock_.wall());
  }
  NameLookups::Finished finished;
  for (; names_.next_finished(finished); ++work) {
    Inbound* session = sessions_.find(finished.session);
    if (session == nullptr) continue;
    session->begin(finished.name, draining_ ? kDraining : smtp::Reply{}, now);
    settle(*session, session->run(now));
  }
  if (resolver_.trust() != trust_reported_) report_trust();
  return work;
}

std::size_t Worker::run_policies(Instant now) {
  std::size_t work = 0;
  web::StsAnswer answer;
  if (setup_.policies == nullptr) return work;
  for (; setup_.policies->next(answer); ++work)
    delivery_->on_policy(answer, now, core_.clock.wall());
  return work;
}

// Code 0: welcome. The last sessions of the pool are kept for saying 421.
smtp::Reply Worker::refusal(const ListenerState& listener, const IpAddress& source, Instant now) {
  if (draining_) return kDraining;
  if (accept_paused_) return kPaused;
  if (fault_reported_ && fault_reported_->error == queueing::QueueError::io_error)
    return kQueueFailed;
  if (core_.pressure == PressureLevel::high) return kOverloaded;
  if (sessions_.available() < sessions_.capacity() / 64) return kTooManySessions;
  if (listener.settings.tls == smtp::TlsLevel::implicit &&
      !handshake_rates_.take(source, listener.handshake_rate, now)) {
    core_.counters.handshakes_refused.add();
    return kTooManyHandshakes;
  }
  if (!sources_.enter(source, listener.config->sessions_per_source_max)) return kTooManyFromSource;
  return {};
}

void Worker::settle(Inbound& session, Inbound::Progress progress) {
  switch (progress) {
    case Inbound::Progress::waiting:
      if (session.waits_for_space() && !session.space.linked())
        core_.space_waiters.push_back(session);
      return;
    case Inbound::Progress::again: session.transport().requeue(session.connection()); return;
    case Inbound::Progress::done: break;
  }
  if (session.counted()) sources_.leave(session.source());
  session.close();
  session.transport().release(session.connection());
  sessions_.release(session);
}

std::size_t Worker::run_queue(Instant now) {
  StageScope scope(core_.ledger, Stage::queue);
  std::size_t work = shard_->poll(now);
  queueing::Shard::Committed done;
  while (shard_->next_committed(done)) {
    ++work;
    if (done.token == delivery::kNoticeToken)
      delivery_->notice_committed(done.mid, done.result.has_value(), clock_.wall());
    report_stored(core_, done);
    // The session may be gone: the message stays, its sender will ask again (RFC 5321 4.5.4.1).
    Inbound* session = sessions_.find(Handle::unpack(done.token));
    if (session != nullptr) settle(*session, session->commit_done(done.mid, done.result, now));
  }
  if (!core_.space_waiters.empty()) work += wake_space_waiters(now);
  return work;
}

std::size_t Worker::reap_reads(Instant now) {
  std::size_t count = 0;
  queueing::Shard::ReadDone done;
  for (; count < kReadsPerTick && shard_->next_read(done); ++count) {
    if (done.token == ScanBacklog::kReadToken)
      backlog_.read_done(done.octets);
    else if (OperatorReads::owns(done.token))
      operator_reads_.read_done(done);
    else
      delivery_->read_done(done, now, clock_.wall());
  }
  return count;
}

bool Worker::submit(const delivery::GeneratedMail& mail) {
  return delivery::store_generated(mail, listener_sets_.back()->config->hostname,
                                   {*shard_, *blocks_, mids_, *setup_.events}, core_.clock.wall());
}

std::size_t Worker::wake_space_waiters(Instant now) {
  std::size_t work = 0;
  std::size_t rounds = blocks_->available();
  while (rounds-- > 0) {
    SessionLinks* links = core_.space_waiters.pop_front();
    if (links == nullptr) break;
    auto& session = static_cast<Inbound&>(*links);
    settle(session, session.space_available(now));
    ++work;
  }
  return work;
}

std::size_t Worker::run_due(Instant now) {
  std::size_t work = 0;
  while (SessionLinks* links = core_.due.pop_front()) {
    auto& session = static_cast<Inbound&>(*links);
    settle(session, session.deadline_passed(now));
    ++work;
  }
  return work;
}

std::size_t Worker::run_commands(Instant now) {
  std::size_t work = 0;
  for (Command command; commands_.pop(command); ++work) command(*this, now);
  return work;
}

Instant Worker::next_deadline() const noexcept {
  Instant next =
      std::min({timers_.next_due(), delivery_->next_deadline(), resolver_.next_deadline()});
  for (const NamedTransport& t : setup_.transports)
    next = std::min(next, t.transport->next_deadline());
  return next;
}

bool Worker::polls() const noexcept {
  if (poison_ != nullptr) return true;
  if (!draining_ && backlog_.wants_poll(core_.clock.wall())) return true;
  return !shard_->idle() || (setup_.handshakes != nullptr && !setup_.handshakes->idle());
}

std::vector<int> Worker::wait_descriptors() const {
  std::vector<int> descriptors;
  for (const NamedTransport& t : setup_.transports)
    descriptors.push_back(t.transport->wait_descriptor());
  if (setup_.datagrams) descriptors.push_back(setup_.datagrams->wait_descriptor());
  return descriptors;
}

void Worker::drain(Instant now) {
  draining_ = true;
  for (NamedTransport& t : setup_.transports) t.transport->stop_listening();
  sessions_.for_each([&](Inbound& session) {
    session.drain(now);
    settle(session, session.run(now));
  });
  delivery_->drain(now);
}

bool Worker::drained() const noexcept {
  return sessions_.in_use() == 0 && delivery_->idle() && !backlog_.busy() && shard_->idle();
}

void Worker::reconfigure(const Generation& generation) {
  scan_states_.push_back(
      std::make_unique<ScanState>(generation.rules, scan_settings(*generation.config),
                                  setup_.generation->config->memory.transactions));
  core_.scan = scan_states_.back().get();
  core_.scan->scanner.set_models(generation.models);
  listener_sets_.push_back(make_listener_set(generation));
  if (delivery_ != nullptr) delivery_->reconfigure(*generation.config, generation.client_tls);
  backlog_.configure(*generation.config);
  back_pressure_.configure(generation.config->back_pressure);
  drop_unused_generations();
}

void Worker::set_models(const std::shared_ptr<const scan::bayes::Models>& models) {
  for (const auto& state : scan_states_) state->scanner.set_models(models);
}

void Worker::direct(const Directives& directives) {
  accept_paused_ = directives.accept_paused;
  core_.scan_paused = directives.scan_paused;
  backlog_.pause(directives.scan_paused);
  delivery_->pause(directives.delivery_paused);
  delivery_->set_redirects(directives.redirects);
  const auto listed = [](const std::vector<std::string>& hosts, const std::string& host) {
    return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
  };
  for (const std::string& host : held_hosts_)
    if (!listed(directives.held_hosts, host)) shard_->hold(host, false);
  bool newly_held = false;
  for (const std::string& host : directives.held_hosts)
    if (!listed(held_hosts_, host)) {
      shard_->hold(host, true);
      newly_held = true;
    }
  held_hosts_ = directives.held_hosts;
  if (newly_held) delivery_->reconsider();  // what already stands in a line for its host
}

void Worker::flush() {
  shard_->flush_due(core_.clock.wall());
  delivery_->flush();
}

void Worker::drop_unused_generations() {
  std::erase_if(listener_sets_, [this](const auto& set) {
    return set->sessions == 0 && set != listener_sets_.back();
  });
  std::erase_if(scan_states_, [this](const auto& state) {
    return state->messages == 0 && state.get() != core_.scan;
  });
}

net::Transport* Worker::find_transport(std::string_view name) const noexcept {
  for (const NamedTransport& t : setup_.transports)
    if (t.name == name) return t.transport.get();
  return nullptr;
}

net::DatagramTransport* Worker::find_datagrams(std::string_view name) const noexcept {
  if (name.empty()) return setup_.datagrams.get();
  net::Transport* transport = find_transport(name);
  return transport == nullptr ? nullptr : &net::datagrams_of(*transport);
}

}  // namespace sluice::worker
