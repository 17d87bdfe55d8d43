#include "engine/delivery/dispatcher.h"

#include <algorithm>

#include "engine/delivery/route.h"
#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {
namespace {

constexpr std::size_t kDuePerPoll = 32;           // messages leased
constexpr std::size_t kDestinationsPerPoll = 64;  // looked at
constexpr std::size_t kDeferredPerPoll = 64;      // jobs of one destination that is down

constexpr Trouble kNoRoute{"4.4.4", "no route to the recipient's domain"};
constexpr Trouble kTooManyDestinations{"4.3.2", "too many destinations at once"};

}  // namespace

std::unique_ptr<Delivery> Delivery::create(const Surroundings& surroundings) {
  return std::make_unique<Dispatcher>(surroundings);
}

Dispatcher::Dispatcher(const Surroundings& surroundings)
    : house_(surroundings),
      config_(surroundings.config),
      random_(house_.shard->highest_mid()),
      jobs_(*house_.shard, *house_.events),
      dsns_(*house_.shard, *house_.events, *house_.blocks, *house_.mids, jobs_, random_),
      outcomes_(*house_.shard, *house_.events, jobs_, dsns_, random_) {
  const std::uint32_t count = config_->delivery.connections;
  slots_.reserve(count);
  free_slots_.reserve(count);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    slots_.push_back(std::make_unique<OutboundConnection>(slot, *this, on_connection_timer));
    free_slots_.push_back(count - 1 - slot);
  }
  reconfigure(*config_, house_.contexts);
}

void Dispatcher::enter(Instant now, WallTime wall) {
  now_ = now;
  wall_ = wall;
  if (!timers_) timers_.emplace(now);
}

std::size_t Dispatcher::poll(Instant now, WallTime wall) noexcept {
  enter(now, wall);
  std::size_t work = timers_->advance(now);
  work += retry_starved();
  work += take_due();
  work += serve_destinations();
  const queueing::InHandScope in_hand(house_.in_hand, dsns_.mid(), queueing::Work::delivery);
  work += dsns_.poll(wall);
  return work;
}

void Dispatcher::read_done(const queueing::Shard::ReadDone& done, Instant now,
                           WallTime wall) noexcept {
  enter(now, wall);
  if (done.token == DsnWriter::kReadToken) return dsns_.read_done(done.octets);
  OutboundConnection& connection = *slots_[done.token / BodyReader::kTokens];
  connection.body().read_done(done.token, done.octets);
  run(connection);
}

std::size_t Dispatcher::retry_starved() {
  if (starved_.empty() || house_.blocks->available() == 0) return 0;
  const OutboundConnection* last = starved_.back();  // those that starve again go behind it
  std::size_t fed = 0;
  for (bool more = true; more;) {
    OutboundConnection* connection = starved_.pop_front();
    more = connection != last && !starved_.empty();
    run(*connection);
    if (!connection->starved_link.linked()) ++fed;
  }
  return fed;
}

std::size_t Dispatcher::take_due() {
  std::size_t count = 0;
  Mid mid = 0;
  for (; count < kDuePerPoll && can_lease() && house_.shard->next_due(wall_, mid); ++count)
    group(jobs_.open(mid));
  return count;
}

// One job per destination that has due recipients of this message.
void Dispatcher::group(Lease& lease) {
  grouped_.clear();
  Job* unrouted = nullptr;
  std::vector<Rid> delayed;  // not tried now, but their sender is to be told
  Trouble trouble = kNoRoute;
  const queueing::QueuedMessage& message = *house_.shard->find(lease.mid);
  const TlsWish wish = tls_wish(message.envelope.parameters());
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    const queueing::RecipientProgress& progress = message.recipients[rid];
    if (progress.status != queueing::RecipientStatus::pending || progress.held) return;
    if (progress.next_attempt > wall_) {
      if (outcomes_.delay_is_news(message, rid, wall_)) delayed.push_back(rid);
      return;
    }
    const std::string_view mailbox = mailbox_of(recipient.address, config_->delivery.postmaster);
    const auto [destination, lack] =
        destination_for(routing_domain(mailbox, config_->hostname), wish);
    if (lack == Destinations::Lack::room) trouble = kTooManyDestinations;
    Job*& job = destination != nullptr ? destination->collecting : unrouted;
    if (job == nullptr) {
      job = &jobs_.add(lease, destination);
      grouped_.push_back(job);
    }
    job->rids.push_back(rid);
  });
  for (Job* job : grouped_) {
    if (job->destination == nullptr) continue;
    job->destination->collecting = nullptr;
    job->destination->active_recipients += job->rids.size();
    job->destination->enqueue(*job);
    attend(*job->destination);
  }
  if (unrouted != nullptr) outcomes_.defer(*unrouted, trouble, wall_);
  if (!delayed.empty()) outcomes_.tell_delay(jobs_.add(lease, nullptr), std::move(delayed), wall_);
  jobs_.close(lease);
}

void Dispatcher::attend(Destination& destination) noexcept {
  if (!destination.attention.linked()) attention_.push_back(destination);
}

void Dispatcher::attend_all() noexcept {
  destinations_.for_each([this](Destination& destination) {
    if (destination.waiting() > 0) attend(destination);
  });
}

std::size_t Dispatcher::serve_destinations() {
  if (attention_.empty()) return 0;
  const Destination* last = attention_.back();  // those that want more attention go behind it
  std::size_t count = 0;
  for (bool more = true; more && count < kDestinationsPerPoll; ++count) {
    Destination* destination = attention_.pop_front();
    more = destination != last && !attention_.empty();
    serve(*destination);
  }
  return count;
}

// Gets the waiting jobs under way, as far as the limits allow.
void Dispatcher::serve(Destination& destination) {
  if (stopped()) return give_back_waiting(destination);
  while (destination.waiting() > 0) {
    if (OutboundConnection* connection = destination.idle.pop_front()) {
      if (next_message(*connection)) run(*connection);
      continue;
    }
    if (!destination.wants_connection(connections_max(destination))) return;
    if (!find_hosts(destination)) return;
    const auto hop = destination.pick_hop(now_);
    if (!hop) {
      if (destination.connections == 0) defer_waiting(destination);
      return;
    }
    if (destination.probes(*hop) && destination.opening > 0) return;
    if (open_connection(destination) == Opened::not_now) {
      blocked_.push_back(destination);
      return;
    }
  }
}

// Every next hop is down: what waits is not tried host by host and message by message.
void Dispatcher::defer_waiting(Destination& destination) {
  for (std::size_t i = 0; i < kDeferredPerPoll; ++i) {
    Job* job = destination.next_job();
    if (job == nullptr) return;
    // RFC 8689 4.2.1: what no next hop can protect goes back to its sender.
    const Trouble trouble{destination.last_status, destination.last_trouble};
    if (destination.last_status.starts_with('5'))
      outcomes_.fail(*job, trouble);
    else
      outcomes_.defer(*job, trouble, wall_);
  }
  if (destination.waiting() > 0) attend(destination);
}

void Dispatcher::give_back_waiting(Destination& destination) noexcept {
  while (Job* job = destination.next_job()) give_back(*job);
}

// Nothing was tried: the recipients stay due.
void Dispatcher::give_back(Job& job) noexcept {
  job.destination->active_recipients -= job.rids.size();
  jobs_.finish(job);
}

void Dispatcher::wake_blocked() noexcept {
  if (Destination* destination = blocked_.pop_front()) attention_.push_back(*destination);
}

void Dispatcher::on_resource_timer(Timer& timer, Instant) {
  auto& self = *static_cast<Dispatcher*>(timer.owner);
  while (!self.blocked_.empty()) self.wake_blocked();
}

Instant Dispatcher::next_deadline() const noexcept {
  if (!timers_) return now_;
  // Work that only waits for room is looked at again within a tick of the wheel.
  const bool hungry = !starved_.empty() || (dsns_.busy() && !dsns_.reading());
  const Instant next = hungry ? now_ + milliseconds(1) : timers_->next_due();
  if (!attention_.empty()) return now_;
  if (!can_lease()) return next;
  const WallTime due = house_.shard->earliest_due();
  if (due <= wall_) return now_;
  const Duration wait = due - wall_;
  return wait < hours(24) ? std::min(next, now_ + wait) : next;
}

void Dispatcher::pause(bool paused) noexcept {
  paused_ = paused;
  if (!paused) return;
  attend_all();
  destinations_.for_each([this](Destination& destination) { quit_idle(destination); });
}

void Dispatcher::flush() noexcept {
  destinations_.for_each([](Destination& destination) { destination.forget_back_off(); });
}

void Dispatcher::reconsider() noexcept {
  destinations_.for_each([this](Destination& destination) { give_back_waiting(destination); });
}

// What waits is grouped again, by the new ones.
void Dispatcher::set_redirects(std::vector<Redirect> redirects) {
  if (redirects_ == redirects) return;
  redirects_ = std::move(redirects);
  reconsider();
}

const Redirect* Dispatcher::redirect_of(std::string_view domain) const noexcept {
  for (const Redirect& redirect : redirects_)
    if (policy::domain_matches(redirect.host, domain)) return &redirect;
  return nullptr;
}

Destinations::Found Dispatcher::destination_for(std::string_view domain, TlsWish wish) {
  const Redirect* redirect = redirect_of(domain);
  if (redirect == nullptr) return destinations_.find(domain, wish);
  if (redirect->hop) return destinations_.find_hop(*redirect->hop, wish);
  return destinations_.find(redirect->to, wish);
}

bool Dispatcher::return_to_sender(Mid mid, std::string_view status, std::string_view diagnostic) {
  if (!jobs_.has_room(1)) return false;
  Lease& lease = jobs_.open(mid);
  Job& job = jobs_.add(lease, nullptr);
  const queueing::QueuedMessage& message = *house_.shard->find(mid);
  for (Rid rid = 0; rid < message.recipients.size(); ++rid) {
    if (message.recipients[rid].status != queueing::RecipientStatus::pending) continue;
    job.rids.push_back(rid);
    job.notices.push_back(
        {.rid = rid, .status = std::string(status), .diagnostic = std::string(diagnostic)});
  }
  dsns_.add(job);
  jobs_.close(lease);
  return true;
}

void Dispatcher::quit_idle(Destination& destination) {
  while (OutboundConnection* connection = destination.idle.pop_front()) {
    connection->quit(now_);
    run(*connection);
  }
}

// Messages under way keep their connection; what waits is grouped again by the new routes.
void Dispatcher::reconfigure(const config::Config& config, ClientContexts contexts) noexcept {
  for (auto& destination : destinations_.take_all()) {
    give_back_waiting(*destination);
    destination->attention.unlink();
    destination->retired = true;
    quit_idle(*destination);
    if (destination->connections > 0) retired_.push_back(std::move(destination));
  }
  inquiring_.clear();  // their destinations have gone
  host_rules_ = mail_host_rules(config);
  house_.shard->set_delay_notice(config.delivery.delay_notice);
  destinations_.configure(config, std::move(contexts), house_.resolver != nullptr);
  config_ = &config;
  outcomes_.configure(config);
  dsns_.configure(config);
  tally_.limit(config.tlsrpt.domains_max);
  client_settings_.hostname = config.hostname;
  client_settings_.command_timeout = config.delivery.command_timeout;
  client_settings_.data_done_timeout = config.delivery.data_timeout;
}

void Dispatcher::forget_if_unused(Destination& destination) noexcept {
  if (!destination.retired || destination.connections > 0) return;
  std::erase_if(retired_, [&](const auto& held) { return held.get() == &destination; });
}

void Dispatcher::drain(Instant now) noexcept {
  if (!timers_) timers_.emplace(now);
  now_ = now;
  draining_ = true;
  attend_all();
  destinations_.for_each([this](Destination& destination) { quit_idle(destination); });
}

bool Dispatcher::idle() const noexcept { return free_slots_.size() == slots_.size(); }

std::vector<DestinationStatus> Dispatcher::status() const {
  std::vector<DestinationStatus> rows;
  destinations_.for_each(
      [&rows](const Destination& destination) { rows.push_back(destination.status()); });
  return rows;
}

HostRoute Dispatcher::route_of(std::string_view host) const {
  HostRoute result;
  const Redirect* redirect = redirect_of(host);
  const std::string_view to = redirect != nullptr ? redirect->to : host;
  if (redirect != nullptr) result.redirected_to = to;
  if (redirect != nullptr && redirect->hop) {
    result.destination = to;
    result.hops.push_back({redirect->to, false});
    return result;
  }
  if (const Destination* known = destinations_.known(to, TlsWish::configured); known != nullptr) {
    result.destination = known->name();
    for (std::size_t hop = 0; hop < known->hops(); ++hop)
      result.hops.push_back({known->hop_text(hop), known->hop_is_down(hop)});
    return result;
  }
  const auto route = find_route(config_->routes, to);
  if (!route) return result;
  const config::Route& configured = config_->routes[*route];
  result.destination = configured.domain;
  for (const config::NextHop& hop : configured.next_hops)
    result.hops.push_back({hop.text(), false});
  return result;
}

void Dispatcher::count_connections(std::map<std::string, std::uint32_t>& by_host) const {
  const auto host_of = [this](const Job& job) {
    const queueing::QueuedMessage* message = house_.shard->find(job.mid());
    std::string host;
    if (message != nullptr)
      message->envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
        if (rid == job.rids.front()) host = queueing::HostIndex::host_of(recipient.address);
      });
    return host;
  };
  for (const auto& connection : slots_)
    if (connection->job() != nullptr) ++by_host[host_of(*connection->job())];
  destinations_.for_each([&](Destination& destination) {
    if (destination.opening > 0 && destination.waiting() > 0)
      by_host[host_of(*destination.first_waiting())] += destination.opening;
  });
}

}  // namespace sluice::delivery
