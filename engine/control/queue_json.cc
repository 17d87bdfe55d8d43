#include "engine/control/queue_json.h"

#include <nlohmann/json.hpp>

#include "engine/control/mail_log.h"
#include "engine/control/queue_select.h"

namespace sluice::control {
namespace {

std::string_view status_name(queueing::RecipientStatus status) {
  switch (status) {
    case queueing::RecipientStatus::pending: return "pending";
    case queueing::RecipientStatus::delivered: return "delivered";
    case queueing::RecipientStatus::bounced: return "bounced";
    case queueing::RecipientStatus::expired: return "expired";
    case queueing::RecipientStatus::deleted: return "deleted";
  }
  return "?";
}

}  // namespace

nlohmann::json message_row(const queueing::QueuedMessage& message, WallTime now) {
  return {{"mid", message.mid},
          {"queue", queue_name(message.queue())},
          {"stage", stage_name(message.stage)},
          {"age", (now - message.received).seconds()},
          {"icid", message.icid},
          {"received", log_date(message.received)},
          {"scl", message.scl},
          {"size", message.body_size},
          {"sender", message.envelope.reverse_path()},
          {"recipients", message.envelope.recipient_count()}};
}

nlohmann::json message_detail(const queueing::QueuedMessage& message, WallTime now) {
  auto row = message_row(message, now);
  auto recipients = nlohmann::json::array();
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    const queueing::RecipientProgress& progress = message.recipients[rid];
    const bool answered = rid < message.answers.size() && message.answers[rid] != nullptr;
    recipients.push_back({{"rid", rid},
                          {"address", recipient.address},
                          {"status", status_name(progress.status)},
                          {"attempts", progress.attempts},
                          {"next_attempt", log_date(progress.next_attempt)},
                          {"last_reply", answered ? *message.answers[rid] : ""}});
  });
  row["recipients"] = recipients;
  row["added_header"] = message.added_header;
  return row;
}

}  // namespace sluice::control
