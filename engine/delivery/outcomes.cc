#include "engine/delivery/outcomes.h"

#include <algorithm>

#include "engine/delivery/destination.h"
#include "engine/delivery/dsn_writer.h"
#include "engine/delivery/reply_rules.h"
#include "engine/delivery/reply_status.h"
#include "engine/delivery/retry_schedule.h"
#include "engine/policy/recipient_policy.h"

namespace sluice::delivery {

std::string rid_list(const std::vector<Rid>& rids) {
  std::string text;
  for (const Rid rid : rids) {
    if (!text.empty()) text += ' ';
    text += std::to_string(rid);
  }
  return text;
}

void Outcomes::settle(Job& job, const smtp::MessageResult& result, const Peer& peer,
                      WallTime wall) {
  SLUICE_ASSERT(result.recipients.size() == job.rids.size());
  settle_delivered(job, result, peer, wall);
  const bool went_through = std::ranges::any_of(result.recipients, [](const auto& recipient) {
    return recipient.outcome == smtp::Outcome::delivered;
  });
  for (std::size_t i = 0; i < job.rids.size(); ++i) {
    if (!is_pending(job, job.rids[i])) continue;  // delivered now, or deleted by the operator
    // RFC 5321 4.5.3.1.10: the rest stays due, for a transaction of its own.
    if (went_through && takes_no_more(result.recipients[i])) continue;
    settle_refused(job, job.rids[i], result.recipients[i], peer, wall);
  }
  finish(job);
}

void Outcomes::settle_refused(Job& job, Rid rid, smtp::RecipientResult result, const Peer& peer,
                              WallTime wall) {
  const std::string_view domain = policy::domain_of(recipient_of(job, rid).address);
  const config::ReplyRule* rule = find_reply_rule(config_->reply_rules, domain, result);
  if (rule != nullptr) apply(*rule, result);
  note(job, rid, result, wall);
  if (result.outcome == smtp::Outcome::deferred)
    defer_recipient(job, rid, result, {peer, wall, rule});
  else
    fail_recipient(job, rid, result, peer);
}

// Its views live in the message.
mail::Recipient Outcomes::recipient_of(const Job& job, Rid rid) const {
  return shard_.find(job.mid())->envelope.recipient(rid);
}

bool Outcomes::is_pending(const Job& job, Rid rid) const noexcept {
  const queueing::QueuedMessage* message = shard_.find(job.mid());
  return message != nullptr &&
         message->recipients[rid].status == queueing::RecipientStatus::pending;
}

// For the operator: what the host has said last.
void Outcomes::note(const Job& job, Rid rid, const smtp::RecipientResult& result, WallTime wall) {
  using Kind = queueing::PeerAnswer::Kind;
  Kind kind = Kind::delivered;
  if (result.outcome == smtp::Outcome::failed) kind = Kind::failed;
  if (result.outcome == smtp::Outcome::deferred)
    kind = result.code == 0 ? Kind::unreachable : Kind::deferred;
  shard_.answered(job.mid(), rid, {kind, result.reply, wall});
}

void Outcomes::settle_delivered(Job& job, const smtp::MessageResult& result, const Peer& peer,
                                WallTime wall) {
  std::vector<Rid> delivered;
  std::string_view reply;
  for (std::size_t i = 0; i < job.rids.size(); ++i) {
    if (result.recipients[i].outcome != smtp::Outcome::delivered) continue;
    note(job, job.rids[i], result.recipients[i], wall);
    note_success(job, job.rids[i], result.recipients[i], peer);
    shard_.set_outcome(job.mid(), job.rids[i], queueing::RecipientStatus::delivered);
    delivered.push_back(job.rids[i]);
    reply = result.recipients[i].reply;
  }
  if (delivered.empty()) return;
  if (job.destination != nullptr) job.destination->delivered_recipients += delivered.size();
  const std::string rids = rid_list(delivered);
  events_.emit({.kind = mail::EventKind::delivery_done,
                .mid = job.mid(),
                .dcid = peer.dcid,
                .text = {rids, reply}});
}

// RFC 3461 5.2.2: a peer that offers DSN reports itself; for another one that is the end of it.
void Outcomes::note_success(Job& job, Rid rid, const smtp::RecipientResult& result,
                            const Peer& peer) {
  if (peer.dsn || !wants_notice(recipient_of(job, rid), DsnAction::relayed)) return;
  job.notices.push_back({.rid = rid,
                         .action = peer.lmtp ? DsnAction::delivered : DsnAction::relayed,
                         .status = enhanced_status(result),
                         .diagnostic = result.reply,
                         .remote = peer.remote});
}

namespace {

smtp::RecipientResult unreached(const Trouble& trouble) {
  smtp::RecipientResult result;
  result.reply = std::string(trouble.status) + " " + std::string(trouble.detail);
  return result;
}

}  // namespace

void Outcomes::fail(Job& job, const Trouble& trouble) {
  smtp::RecipientResult result = unreached(trouble);
  result.outcome = smtp::Outcome::failed;
  for (const Rid rid : job.rids)
    if (is_pending(job, rid)) fail_recipient(job, rid, result, {});
  finish(job);
}

void Outcomes::defer(Job& job, const Trouble& trouble, WallTime wall) {
  const smtp::RecipientResult result = unreached(trouble);
  for (const Rid rid : job.rids) {
    if (!is_pending(job, rid)) continue;
    note(job, rid, result, wall);
    defer_recipient(job, rid, result, {.peer = {}, .wall = wall});
  }
  finish(job);
}

void Outcomes::defer_recipient(Job& job, Rid rid, const smtp::RecipientResult& result,
                               const Attempt& attempt) {
  const queueing::QueuedMessage* message = shard_.find(job.mid());
  if (message == nullptr) return;
  const std::string status = enhanced_status(result);
  events_.emit({.kind = mail::EventKind::delivery_delayed,
                .mid = job.mid(),
                .dcid = attempt.peer.dcid,
                .rid = rid,
                .text = {status, status_meaning(status), result.reply}});
  if (job.destination != nullptr) ++job.destination->soft_bounced;

  const RetryTable table =
      retry_table(config_->delivery, attempt.rule, message->envelope.reverse_path().empty());
  const auto next = next_attempt(table, message->received, attempt.wall,
                                 message->recipients[rid].attempts, random_);
  if (!next) {
    job.notices.push_back({.rid = rid,
                           .expired = true,
                           .status = "4.4.7",  // RFC 3463: delivery time expired
                           .diagnostic = result.reply,
                           .remote = attempt.peer.remote});
    return;
  }
  shard_.set_deferred(job.mid(), rid, *next);
  events_.emit({.kind = mail::EventKind::delivery_pending,
                .mid = job.mid(),
                .rid = rid,
                .number = next->unix_seconds()});
  if (!delay_is_news(*message, rid, attempt.wall)) return;
  job.notices.push_back({.rid = rid,
                         .action = DsnAction::delayed,
                         .status = status,
                         .diagnostic = result.reply,
                         .remote = attempt.peer.remote,
                         .until = message->received + table.expire});
}

bool Outcomes::delay_is_news(const queueing::QueuedMessage& message, Rid rid,
                             WallTime wall) const noexcept {
  const Duration after = config_->delivery.delay_notice;
  return after.ns > 0 && wall >= message.received + after && !message.recipients[rid].delay_told &&
         !message.envelope.reverse_path().empty();
}

// Between two attempts: what is known is the last answer, if the engine has not been restarted
// since.
void Outcomes::tell_delay(Job& job, std::vector<Rid> rids, WallTime) {
  const queueing::QueuedMessage& message = *shard_.find(job.mid());
  job.rids = std::move(rids);
  for (const Rid rid : job.rids) {
    const bool known = rid < message.answers.size() && message.answers[rid] != nullptr;
    smtp::RecipientResult last;
    last.reply = known ? *message.answers[rid] : "no host has taken it yet";
    last.code = reply_code(last.reply);
    job.notices.push_back({.rid = rid,
                           .action = DsnAction::delayed,
                           .status = enhanced_status(last),
                           .diagnostic = last.reply,
                           .until = message.received + config_->delivery.expire});
  }
  finish(job);
}

void Outcomes::fail_recipient(Job& job, Rid rid, const smtp::RecipientResult& result,
                              const Peer& peer) {
  const std::string status = enhanced_status(result);
  events_.emit({.kind = mail::EventKind::delivery_bounced,
                .mid = job.mid(),
                .dcid = peer.dcid,
                .rid = rid,
                .text = {status, status_meaning(status), result.reply}});
  if (job.destination != nullptr) ++job.destination->hard_bounced;
  job.notices.push_back(
      {.rid = rid, .status = status, .diagnostic = result.reply, .remote = peer.remote});
}

void Outcomes::finish(Job& job) {
  if (job.destination != nullptr) job.destination->active_recipients -= job.rids.size();
  job.destination = nullptr;  // it may be retired before its notification is written
  if (job.notices.empty())
    jobs_.finish(job);
  else
    dsns_.add(job);
}

}  // namespace sluice::delivery
