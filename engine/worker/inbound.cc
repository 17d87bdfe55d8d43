#include "engine/worker/inbound.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace sluice::worker {
namespace {

constexpr int kRoundsPerRun = 16;  // reads from one connection before the others have their turn
constexpr std::size_t kReadBytes = 4 * 1024;  // of a read: a piece of work, with its scan

// For a session that is over to get its last replies out.
constexpr Duration kLastRepliesTime = seconds(30);

constexpr smtp::Reply kOverloaded{452, "4.3.1", "Insufficient system resources, try again later"};

}  // namespace

Inbound::Inbound()
    : deadline_(
          [](Timer& timer, Instant) {
            auto* self = static_cast<Inbound*>(timer.owner);
            if (!self->due.linked()) self->core_->due.push_back(*self);
          },
          this) {}

void Inbound::open(CoreState& core, net::Transport& transport, net::Connection& connection,
                   ListenerSet& listeners, const ListenerState& listener, Icid icid, Handle self,
                   Instant now) {
  core_ = &core;
  transport_ = &transport;
  connection_ = &connection;
  stream_ = &connection;
  listeners_ = &listeners;
  ++listeners.sessions;
  listener_ = &listener;
  self_ = self;
  icid_ = icid;
  mid_ = 0;
  peer_ = connection.remote();
  opened_ = now_ = now;
  verdict_reply_.reset();
  end_told_ = counted_ = begun_ = shakes_elsewhere_ = false;
  loss_.reset();
  give_up_at_ = Instant::never();
}

void Inbound::begin(const dns::ReverseName& name, const smtp::Reply& refusal, Instant now) {
  if (std::exchange(begun_, true)) return;
  core_->events.emit(
      {.kind = mail::EventKind::link_open,
       .icid = icid_,
       .local = connection_->local(),
       .remote = peer_,
       .text = {listener_->interface_name, name.host, name.verified ? "yes" : "no"}});
  if (refusal.code != 0) {
    session_.open_refused(listener_->settings, refusal, now);
    emit(mail::EventKind::link_rejected, refusal.text);
  } else {
    session_.open(listener_->settings_for(peer_.address), *this, peer_, now);
    emit(mail::EventKind::link_accepted, listener_->settings.listener_name);
  }
}

Inbound::Progress Inbound::run(Instant now) {
  StageScope scope(core_->ledger, Stage::smtp);
  now_ = now;
  if (!begun_) {
    if (connection_->state() != net::Connection::State::failed) return Progress::waiting;
    begin({}, {}, now);  // it has gone before its name came
  }
  bool moved = true;
  for (int round = 0; moved && round < kRoundsPerRun; ++round) {
    if (round > 0 && core_->slice_is_over()) break;
    if (connection_->state() == net::Connection::State::failed)
      lose(net::describe(connection_->error()));
    if (loss_) return Progress::done;
    moved = session_.waiting() == smtp::Wait::tls ? start_tls(now) : exchange(now);
  }
  if (tls_) tls_->park();
  if (loss_ || (send_output() && session_.finished())) return Progress::done;
  arm_deadline();
  return moved ? Progress::again : Progress::waiting;
}

void Inbound::lose(std::string_view why) {
  loss_ = why;
  session_.connection_lost();
}

// One step both ways; false when nothing can go on until something changes.
bool Inbound::exchange(Instant now) {
  if (!send_output() || session_.finished()) return false;
  const ByteView input = stream_->readable();
  if (input.empty()) {
    if (!stream_->read_finished() || end_told_) return false;
    if (tls_ && tls_->failed()) {
      lose(tls_->session().failure().view());
      return false;
    }
    end_told_ = true;
    session_.receive_end(now);
    return true;
  }
  const std::size_t taken = session_.receive(input.first(std::min(input.size(), kReadBytes)), now);
  if (taken > 0) stream_->consume(taken);
  if (verdict_reply_) {
    session_.complete_message(*verdict_reply_, now);
    verdict_reply_.reset();
    return true;
  }
  return taken > 0 || !session_.output().empty();
}

// False when the send buffer is full: nothing more is read until the peer takes its replies.
bool Inbound::send_output() {
  while (!session_.output().empty()) {
    const std::size_t sent = stream_->write(session_.output());
    if (sent == 0) return false;
    session_.output_sent(sent);
  }
  return true;
}

// Deadlines mostly move away: the timer is left where it is and looks again when it fires.
void Inbound::arm_deadline() {
  if (session_.finished() && give_up_at_ == Instant::never()) give_up_at_ = now_ + kLastRepliesTime;
  const Instant due = std::min(session_.deadline(), give_up_at_);
  if (due == Instant::never()) return;
  if (!deadline_.armed() || due < deadline_.due) core_->timers.set(deadline_, due);
}

smtp::Reply Inbound::accepted_reply(Mid mid) noexcept {
  const int length = std::snprintf(reply_text_, sizeof reply_text_, "ok: MID %llu accepted",
                                   static_cast<unsigned long long>(mid));
  return {250, "2.0.0", {reply_text_, static_cast<std::size_t>(length)}};
}

Inbound::Progress Inbound::commit_done(Mid mid, std::expected<void, queueing::QueueError> result,
                                       Instant now) {
  Counters& counters = core_->counters;
  if (result) {
    counters.messages_accepted.add();
    counters.recipients_accepted.add(session_.envelope().recipient_count());
    session_.complete_message(accepted_reply(mid), now);
  } else {
    counters.messages_deferred.add();
    session_.complete_message(reply_for(result.error()), now);
  }
  mid_ = 0;
  return run(now);
}

Inbound::Progress Inbound::space_available(Instant now) {
  session_.space_available(now);
  return run(now);
}

Inbound::Progress Inbound::deadline_passed(Instant now) {
  if (give_up_at_ <= now) {
    loss_ = "the last replies were not taken";
    connection_->abort();
    return Progress::done;
  }
  if (session_.deadline() <= now) session_.on_deadline(now);
  return run(now);
}

void Inbound::close() {
  begin({}, {}, now_);  // its name never came
  deadline_.cancel();
  space.unlink();
  due.unlink();
  handshake.unlink();
  if (job_ != nullptr) core_->handshakes->end(*std::exchange(job_, nullptr));
  if (arrival_.active()) abort_message("connection closed");
  end_unfinished("Receiving aborted by sender");
  if (!loss_) {
    if (tls_) tls_->session().close();
    connection_->close();
  } else {
    emit(mail::EventKind::link_lost, *loss_);
  }
  emit(mail::EventKind::link_close);
  tls_.reset();
  --listeners_->sessions;
}

std::optional<smtp::Reply> Inbound::check_sender(std::string_view reverse_path,
                                                 const mail::SenderParameters&) {
  end_unfinished("Receiving aborted by sender");  // RSET or EHLO before DATA
  mid_ = core_->mids.take();
  unverified_bounce_ = false;
  emit(mail::EventKind::tx_begin);
  emit(mail::EventKind::tx_from, reverse_path);
  if (!under_pressure()) return {};
  core_->counters.messages_deferred.add();
  emit(mail::EventKind::tx_rejected, "452 4.3.1 Insufficient system resources");
  mid_ = 0;
  return kOverloaded;
}

// Back pressure: at the medium level those of one's own may still send.
bool Inbound::under_pressure() const noexcept {
  if (core_->pressure == PressureLevel::medium)
    return !policy::may_relay(*listener_->config, peer_.address);
  return core_->pressure == PressureLevel::high;
}

std::optional<smtp::Reply> Inbound::check_recipient(const mail::Recipient& recipient) {
  auto refusal = policy::check_recipient(*listeners_->config, *listener_->config, peer_.address,
                                         recipient.address);
  if (!refusal) refusal = check_bounce(recipient.address);
  if (refusal) return refusal;
  core_->events.emit({.kind = mail::EventKind::tx_rcpt,
                      .icid = icid_,
                      .mid = mid_,
                      .rid = session_.envelope().recipient_count(),
                      .text = {recipient.address}});
  return {};
}

std::optional<smtp::Reply> Inbound::begin_message(const mail::Envelope& envelope) {
  tls::ClientCertificate client;
  auto refusal = arrival_.begin(*core_, mid_, envelope, origin(client));
  if (refusal) count_refusal(*refusal);
  return refusal;
}

Origin Inbound::origin(tls::ClientCertificate& client) const {
  const config::Config& config = *listeners_->config;
  Origin origin{.icid = icid_,
                .helo = session_.helo(),
                .extended = session_.extended(),
                .peer = peer_,
                .hostname = listener_->settings.hostname,
                .thresholds = policy::SclThresholds(config.scan),
                .antivirus = &config.antivirus,
                .hops_max = listener_->config->hops_max,
                .header_firewall = listener_->config->header_firewall,
                .antispam_report = config.scan.antispam_report,
                .unverified_bounce = unverified_bounce_,
                .direction = listener_->config->direction == config::Direction::outbound
                                 ? queueing::Direction::outbound
                                 : queueing::Direction::inbound};
  if (tls_) {
    if (asks_for_certificate()) {
      client = tls_->session().client_certificate();
      origin.client = &client;
    }
    origin.tls_protocol = tls_->session().protocol();
    origin.tls_cipher = tls_->session().cipher();
  }
  return origin;
}

void Inbound::end_message() {
  tls::ClientCertificate client;
  smtp::Reply reply;
  const Mid mid = mid_;
  const auto ending = arrival_.end(session_.envelope(), origin(client), self_.packed(), reply);
  if (note_ending(ending, mid, reply)) verdict_reply_ = reply;
}

Inbound::Progress Inbound::examined(Instant now) {
  now_ = now;
  tls::ClientCertificate client;
  smtp::Reply reply;
  const Mid mid = mid_;
  const auto ending = arrival_.examined(session_.envelope(), origin(client), self_.packed(), reply);
  if (note_ending(ending, mid, reply)) session_.complete_message(reply, now);
  return run(now);
}

// Whether `reply` is to be sent now.
bool Inbound::note_ending(Arrival::Ending ending, Mid mid, smtp::Reply& reply) {
  if (ending == Arrival::Ending::examining) return false;  // examined() will answer
  mid_ = 0;                                                // it is the queue's now, or refused
  if (ending == Arrival::Ending::commits) return false;    // commit_done() will answer
  if (ending == Arrival::Ending::refused) {
    count_refusal(reply);
  } else {
    reply = accepted_reply(mid);
    core_->counters.messages_accepted.add();
  }
  return true;
}

void Inbound::count_refusal(const smtp::Reply& reply) {
  Counters& counters = core_->counters;
  (reply.code >= 500 ? counters.messages_rejected : counters.messages_deferred).add();
}

// A transaction that ends before DATA has its last line in the log too.
void Inbound::end_unfinished(std::string_view reason) {
  if (mid_ == 0) return;
  emit(mail::EventKind::tx_aborted, reason);
  mid_ = 0;
}

void Inbound::abort_message(std::string_view reason) {
  arrival_.abandon(reason);
  mid_ = 0;
}

void Inbound::recipient_refused(const mail::Recipient& recipient, const smtp::Reply& reply) {
  core_->counters.recipients_refused.add();
  char text[256];
  const int length = std::snprintf(text, sizeof text, "%u %.*s %.*s", reply.code,
                                   static_cast<int>(reply.enhanced.size()), reply.enhanced.data(),
                                   static_cast<int>(reply.text.size()), reply.text.data());
  const auto size = std::min(static_cast<std::size_t>(length), sizeof text - 1);
  emit(mail::EventKind::tx_rcpt_refused, recipient.address, {text, size});
}

void Inbound::early_talker(ByteView first_octets) {
  emit(mail::EventKind::link_early_talker,
       as_text(first_octets.first(std::min<std::size_t>(first_octets.size(), 64))));
}

void Inbound::emit(mail::EventKind kind, std::string_view text0, std::string_view text1) {
  core_->events.emit(
      {.kind = kind, .icid = icid_, .mid = mid_, .remote = peer_, .text = {text0, text1}});
}

}  // namespace sluice::worker
