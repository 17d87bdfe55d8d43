#include "engine/delivery/outcomes.h"

#include "engine/delivery/bounce_writer.h"
#include "engine/delivery/destination.h"
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

void Outcomes::settle(Job& job, const smtp::MessageResult& result, Dcid dcid, WallTime wall) {
  SLUICE_ASSERT(result.recipients.size() == job.rids.size());
  settle_delivered(job, result, dcid, wall);
  for (std::size_t i = 0; i < job.rids.size(); ++i) {
    if (!is_pending(job, job.rids[i])) continue;  // delivered now, or deleted by the operator
    settle_refused(job, job.rids[i], result.recipients[i], dcid, wall);
  }
  finish(job);
}

void Outcomes::settle_refused(Job& job, Rid rid, smtp::RecipientResult result, Dcid dcid,
                              WallTime wall) {
  const config::ReplyRule* rule =
      find_reply_rule(config_->reply_rules, domain_of(job, rid), result);
  if (rule != nullptr) apply(*rule, result);
  note(job, rid, result, wall);
  if (result.outcome == smtp::Outcome::deferred)
    defer_recipient(job, rid, result, {dcid, wall, rule});
  else
    fail_recipient(job, rid, result, dcid);
}

std::string Outcomes::domain_of(const Job& job, Rid wanted) const {
  std::string domain;
  shard_.find(job.mid())->envelope.for_each_recipient(
      [&](Rid rid, const mail::Recipient& recipient) {
        if (rid == wanted) domain = policy::domain_of(recipient.address);
      });
  return domain;
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

void Outcomes::settle_delivered(const Job& job, const smtp::MessageResult& result, Dcid dcid,
                                WallTime wall) {
  std::vector<Rid> delivered;
  std::string_view reply;
  for (std::size_t i = 0; i < job.rids.size(); ++i) {
    if (result.recipients[i].outcome != smtp::Outcome::delivered) continue;
    note(job, job.rids[i], result.recipients[i], wall);
    shard_.set_outcome(job.mid(), job.rids[i], queueing::RecipientStatus::delivered);
    delivered.push_back(job.rids[i]);
    reply = result.recipients[i].reply;
  }
  if (delivered.empty()) return;
  if (job.destination != nullptr) job.destination->delivered_recipients += delivered.size();
  const std::string rids = rid_list(delivered);
  events_.emit({.kind = mail::EventKind::delivery_done,
                .mid = job.mid(),
                .dcid = dcid,
                .text = {rids, reply}});
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
    if (is_pending(job, rid)) fail_recipient(job, rid, result, 0);
  finish(job);
}

void Outcomes::defer(Job& job, const Trouble& trouble, WallTime wall) {
  const smtp::RecipientResult result = unreached(trouble);
  for (const Rid rid : job.rids) {
    if (!is_pending(job, rid)) continue;
    note(job, rid, result, wall);
    defer_recipient(job, rid, result, {.wall = wall});
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
                .dcid = attempt.dcid,
                .rid = rid,
                .text = {status, status_meaning(status), result.reply}});
  if (job.destination != nullptr) ++job.destination->soft_bounced;

  const RetryTable table =
      retry_table(config_->delivery, attempt.rule, message->envelope.reverse_path().empty());
  const auto next = next_attempt(table, message->received, attempt.wall,
                                 message->recipients[rid].attempts, random_);
  if (!next) {
    job.failures.push_back({rid, true, "4.4.7", result.reply});  // RFC 3463: delivery time expired
    return;
  }
  shard_.set_deferred(job.mid(), rid, *next);
  events_.emit({.kind = mail::EventKind::delivery_pending,
                .mid = job.mid(),
                .rid = rid,
                .number = next->unix_seconds()});
}

void Outcomes::fail_recipient(Job& job, Rid rid, const smtp::RecipientResult& result, Dcid dcid) {
  const std::string status = enhanced_status(result);
  events_.emit({.kind = mail::EventKind::delivery_bounced,
                .mid = job.mid(),
                .dcid = dcid,
                .rid = rid,
                .text = {status, status_meaning(status), result.reply}});
  if (job.destination != nullptr) ++job.destination->hard_bounced;
  job.failures.push_back({rid, false, status, result.reply});
}

void Outcomes::finish(Job& job) {
  if (job.destination != nullptr) job.destination->active_recipients -= job.rids.size();
  job.destination = nullptr;  // it may be retired before the bounce is written
  if (job.failures.empty())
    jobs_.finish(job);
  else
    bounces_.add(job);
}

}  // namespace sluice::delivery
