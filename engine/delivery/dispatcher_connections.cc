#include "engine/delivery/dispatcher.h"

#include <algorithm>

#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {
namespace {

using Phase = OutboundConnection::Phase;

constexpr Duration kResourceRetry = seconds(1);
constexpr int kFirstBackOffPart = 15;  // a dead host is tried again after the first wait / 15

// A connection kept for reuse may have been closed by the peer just as it was used again, or be
// good for no further message (421): nothing of this one was sent, it may go over another
// connection now.
bool went_stale(const OutboundConnection& connection, const Job& job,
                const smtp::MessageResult& result) {
  return connection.messages() > 1 && !connection.body_started() && !job.second_try &&
         std::all_of(result.recipients.begin(), result.recipients.end(), [](const auto& recipient) {
           return recipient.outcome == smtp::Outcome::deferred &&
                  (recipient.code == 0 || recipient.code == 421);
         });
}

Peer peer_of(OutboundConnection& connection) {
  const Destination& destination = connection.destination();
  const bool local = !destination.socket(connection.hop()).empty();
  return {connection.dcid(),
          local ? std::string() : destination.hop(connection.hop()).address.text(),
          connection.session().capabilities().dsn, destination.lmtp()};
}

}  // namespace

Dispatcher::Opened Dispatcher::open_connection(Destination& destination) {
  const std::size_t hop = *destination.pick_hop(now_);
  if (free_slots_.empty()) return Opened::not_now;
  net::Transport* transport = house_.transport(destination.via());
  if (transport == nullptr) {
    connect_failed(
        destination, hop, 0,
        {.details = "no port of this name: " + destination.via(), .reason = "configuration"});
    return Opened::try_next_hop;
  }
  OutboundConnection& slot = *slots_[free_slots_.back()];
  const std::string& path = destination.socket(hop);
  auto connection = path.empty()
                        ? transport->connect(destination.hop(hop), kOutboundOwner | slot.slot())
                        : transport->connect_socket(path, kOutboundOwner | slot.slot());
  if (!connection && connection.error() == net::NetError::no_resources) {
    timers_->set(resource_timer_, now_ + kResourceRetry);
    return Opened::not_now;
  }
  const Dcid dcid = house_.dcids->take();
  if (!connection) {
    connect_failed(destination, hop, dcid, {.details = net::describe(connection.error())});
    return Opened::try_next_hop;
  }
  free_slots_.pop_back();
  slot.opened(*transport, **connection, destination, hop, dcid);
  ++destination.connections;
  ++destination.opening;
  timers_->set(slot.timer, now_ + config_->delivery.connect_timeout);
  return Opened::yes;
}

void Dispatcher::connect_failed(Destination& destination, std::size_t hop, Dcid dcid,
                                const ConnectTrouble& trouble) {
  const Duration longest = config_->delivery.retry.front();
  if (!trouble.one_of_many) destination.hop_failed(hop, now_, longest / kFirstBackOffPart, longest);
  destination.last_trouble = destination.hop_text(hop) + ": " + std::string(trouble.details);
  destination.last_status = trouble.status;
  house_.events->emit(
      {.kind = mail::EventKind::delivery_failed,
       .dcid = dcid,
       .local = trouble.local,
       .remote = destination.hop(hop),
       .text = {destination.name(),
                destination.socket(hop).empty() ? trouble.details : destination.last_trouble,
                trouble.reason}});
}

void Dispatcher::on_ready(net::Connection& ready, Instant now, WallTime wall) noexcept {
  enter(now, wall);
  const auto slot = static_cast<std::uint32_t>(ready.owner);
  if (slot >= slots_.size() || slots_[slot]->connection() != &ready) return;
  OutboundConnection& connection = *slots_[slot];
  if (connection.phase() != Phase::connecting) return run(connection);
  if (ready.state() == net::Connection::State::opening) return;
  if (ready.state() == net::Connection::State::open) return connected(connection);
  const bool others = pushed_back(connection);
  connect_failed(connection.destination(), connection.hop(), connection.dcid(),
                 {.details = net::describe(ready.error()), .one_of_many = others});
  leave(connection, false);
}

// A peer that has greeted other connections and still has them is not down: there are too many.
bool Dispatcher::pushed_back(OutboundConnection& connection) {
  Destination& destination = connection.destination();
  if (destination.connections <= destination.opening || destination.probes(connection.hop()))
    return false;
  destination.concurrency.pushed_back(destination.connections);
  return true;
}

void Dispatcher::connected(OutboundConnection& connection) {
  house_.events->emit({.kind = mail::EventKind::delivery_open,
                       .dcid = connection.dcid(),
                       .local = connection.connection()->local(),
                       .remote = connection.connection()->remote(),
                       .text = {connection.destination().socket(connection.hop())}});
  set_client(connection);
  connection.begin_session(client_settings_, config_->delivery.postmaster, house_.tls_buffers,
                           now_);
  run(connection);
}

// Drives a connection as far as it goes: octets, results, the next message.
void Dispatcher::run(OutboundConnection& connection) {
  for (;;) {
    const Mid mid = connection.job() != nullptr ? connection.job()->mid() : 0;
    const queueing::InHandScope in_hand(house_.in_hand, mid, queueing::Work::delivery);
    connection.pump(now_);
    report_tls(connection);
    if (const auto result = connection.take_result()) settle(connection, *result);
    if (connection.session().finished()) {
      if (connection.body().reading()) break;  // the read's end comes back here
      settle_unanswered(connection);
      return close(connection);
    }
    if (!connection.session().ready() || connection.job() != nullptr) break;
    if (connection.phase() == Phase::greeting) {
      if (!greeting_done(connection)) continue;
    } else if (connection.phase() != Phase::sending) {
      break;  // idle or quitting
    }
    if (!next_message(connection)) break;
  }
  watch(connection);
}

std::uint32_t Dispatcher::connections_max(const Destination& destination) const noexcept {
  return destination.concurrency.allowed(config_->delivery.connections_first,
                                         config_->delivery.connections_per_destination);
}

bool Dispatcher::is_last(const OutboundConnection& connection) const noexcept {
  return connection.limits.used_up(connection.messages()) || stopped() ||
         connection.destination().retired;
}

// Starts a message or QUIT and returns true, or lets the connection rest.
bool Dispatcher::next_message(OutboundConnection& connection) {
  if (!is_last(connection) && start_job(connection)) return true;
  if (!is_last(connection)) {
    go_idle(connection);
    return false;
  }
  connection.quit(now_);
  if (connection.destination().waiting() > 0) attend(connection.destination());
  return true;
}

// Recipients that the operator has deleted while the job waited.
void Dispatcher::drop_settled(Job& job, const queueing::QueuedMessage* message) noexcept {
  const std::size_t before = job.rids.size();
  std::erase_if(job.rids, [&](Rid rid) {
    return message == nullptr ||
           message->recipients[rid].status != queueing::RecipientStatus::pending;
  });
  job.destination->active_recipients -= before - job.rids.size();
}

// A sender of our own has a tag on mail that leaves the house, so that its bounces can be told.
std::string Dispatcher::sender_of(const queueing::QueuedMessage& message, const Job& job) const {
  const std::string_view sender = message.envelope.reverse_path();
  const policy::BounceTags* tags = destinations_.contexts().bounce_tags.get();
  if (tags == nullptr || job.destination->lmtp() ||
      !policy::is_accepted(*config_, policy::domain_of(sender)))
    return std::string(sender);
  bool leaves = false;
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    leaves = leaves || (std::ranges::binary_search(job.rids, rid) &&
                        !policy::is_accepted(*config_, policy::domain_of(recipient.address)));
  });
  return leaves ? tags->tag(sender, wall_, config_->bounce_verification.life) : std::string(sender);
}

bool Dispatcher::start_job(OutboundConnection& connection) {
  while (Job* job = connection.destination().next_job()) {
    queueing::QueuedMessage* message = house_.shard->find(job->mid());
    drop_settled(*job, message);
    if (job->rids.empty()) {
      give_back(*job);
      continue;
    }
    if (!fit(connection, *job, *message)) return false;
    const std::string rids = rid_list(job->rids);
    house_.events->emit({.kind = mail::EventKind::delivery_start,
                         .mid = job->mid(),
                         .dcid = connection.dcid(),
                         .text = {rids}});
    connection.send(*job, *message, sender_of(*message, *job), *house_.shard, *house_.blocks, now_);
    return true;
  }
  return false;
}

// RFC 9422: what this transaction may not have stays due, and is taken up again when the message
// comes back from it.
bool Dispatcher::fit(OutboundConnection& connection, Job& job,
                     const queueing::QueuedMessage& message) {
  std::vector<Rid> all = job.rids;
  connection.limits.admit(message.envelope, job.rids);
  if (!job.rids.empty()) {
    connection.destination().active_recipients -= all.size() - job.rids.size();
    return true;
  }
  job.rids = std::move(all);
  connection.destination().enqueue_first(job);
  return false;
}

void Dispatcher::go_idle(OutboundConnection& connection) {
  connection.set_phase(Phase::idle);
  connection.destination().idle.push_back(connection);
  timers_->set(connection.timer, now_ + config_->delivery.idle_reuse);
}

void Dispatcher::settle(OutboundConnection& connection, const smtp::MessageResult& result) {
  Job& job = *connection.release_job();
  Destination& destination = connection.destination();
  if (!went_stale(connection, job, result)) {
    learn(connection, result);
    return outcomes_.settle(job, result, peer_of(connection), wall_);
  }
  job.second_try = true;
  if (destination.retired || stopped()) return give_back(job);
  destination.enqueue_first(job);
  attend(destination);
}

// What the answers say of the number of connections.
void Dispatcher::learn(OutboundConnection& connection, const smtp::MessageResult& result) {
  Destination& destination = connection.destination();
  const config::Delivery& delivery = config_->delivery;
  for (const smtp::RecipientResult& recipient : result.recipients) {
    if (recipient.outcome == smtp::Outcome::delivered)
      return destination.concurrency.succeeded(destination.connections, delivery.connections_first,
                                               delivery.connections_per_destination);
    if (recipient.code == 421 && destination.connections > 1)
      return destination.concurrency.pushed_back(destination.connections);
  }
}

// The session ended without a word on the message: nothing may stay leased.
void Dispatcher::settle_unanswered(OutboundConnection& connection) {
  if (connection.job() == nullptr) return;
  smtp::RecipientResult unknown;
  unknown.reply = connection.session().failure();
  smtp::MessageResult result;
  result.recipients.assign(connection.job()->rids.size(), unknown);
  settle(connection, result);
}

void Dispatcher::close(OutboundConnection& connection) {
  if (connection.phase() == Phase::greeting) greeting_failed(connection);
  house_.events->emit({.kind = mail::EventKind::delivery_close, .dcid = connection.dcid()});
  leave(connection, true);
}

void Dispatcher::leave(OutboundConnection& connection, bool orderly) {
  Destination& destination = connection.destination();
  if (connection.phase() == Phase::connecting || connection.phase() == Phase::greeting)
    --destination.opening;
  --destination.connections;
  connection.shut(orderly);
  free_slots_.push_back(connection.slot());
  wake_blocked();
  if (destination.waiting() > 0) attend(destination);
  forget_if_unused(destination);
}

// Sees to it that the connection comes back: by a block that becomes free, or by its deadline.
void Dispatcher::watch(OutboundConnection& connection) {
  if (connection.body().starved() && !connection.starved_link.linked())
    starved_.push_back(connection);
  if (connection.phase() == Phase::idle) return;  // go_idle() has set its timer
  const Instant deadline = connection.session().deadline();
  if (deadline == Instant::never())
    connection.timer.cancel();
  else
    timers_->set(connection.timer, deadline);
}

void Dispatcher::on_connection_timer(Timer& timer, Instant) {
  auto& connection = *static_cast<OutboundConnection*>(timer.owner);
  connection.dispatcher().deadline_passed(connection);
}

void Dispatcher::deadline_passed(OutboundConnection& connection) {
  if (connection.phase() == Phase::connecting) {
    connect_failed(connection.destination(), connection.hop(), connection.dcid(),
                   {.details = "no answer within the connect timeout"});
    return leave(connection, false);
  }
  if (connection.phase() == Phase::idle) {
    connection.idle_link.unlink();
    connection.quit(now_);
  } else {
    connection.session().on_deadline(now_);
  }
  run(connection);
}

}  // namespace sluice::delivery
