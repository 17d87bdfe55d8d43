#include "engine/delivery/dsn_writer.h"

#include <algorithm>

#include "engine/delivery/delivery.h"
#include "engine/delivery/generated.h"

namespace sluice::delivery {
namespace {

std::string_view kind_word(DsnAction action) noexcept {
  switch (action) {
    case DsnAction::failed: return "failure";
    case DsnAction::delayed: return "delay";
    default: return "success";
  }
}

}  // namespace

void DsnWriter::configure(const config::Config& config) {
  hostname_ = config.hostname;
  postmaster_ = config.delivery.postmaster;
  retry_ = config.delivery.retry.front();
  return_max_ = config.delivery.return_max;
}

std::size_t DsnWriter::poll(WallTime wall) {
  wall_ = wall;
  if (reading_) return 0;
  if (job_ == nullptr) {
    job_ = queue_.pop_front();
    if (job_ == nullptr) return 0;
    begin();
  } else if (read_ < read_end_) {
    return read_more() ? 1 : 0;
  } else {
    complete();
  }
  return 1;
}

void DsnWriter::begin() {
  const queueing::QueuedMessage* message = shard_.find(job_->mid());
  if (message == nullptr) {
    jobs_.finish(*job_);
    job_ = nullptr;
    return;
  }
  select_reported(*message);
  if (reported_.empty()) {
    record(*job_);
    job_ = nullptr;
    return;
  }

  mid_ = mids_.take();
  boundary_ = random_.next();
  const auto arrival = shard_.begin(mid_);
  arrival_ = arrival ? *arrival : Handle{};
  if (!arrival) return give_up();
  // Another message in the shard may have moved this one.
  message = shard_.find(job_->mid());
  full_ = returns_full_message(context());
  read_ = 0;
  read_end_ = full_ ? message->body_size : std::min<std::uint64_t>(message->body_size, kBlockBytes);
  const std::string added_header = message->added_header;
  if (!append_text(shard_, blocks_, arrival_, dsn_opening(context()) + added_header)) give_up();
}

// RFC 5321 6.1: a message with the null sender is never answered. NOTIFY=NEVER silences the rest.
void DsnWriter::select_reported(const queueing::QueuedMessage& message) {
  reported_.clear();
  if (message.envelope.reverse_path().empty()) return;
  for (const Notice& notice : job_->notices)
    if (wants_notice(message.envelope.recipient(notice.rid), notice.action))
      reported_.push_back(notice);
}

DsnContext DsnWriter::context() const {
  return {hostname_, postmaster_, shard_.find(job_->mid()), &reported_, mid_, wall_,
          boundary_, return_max_};
}

// false when a block or the shard is short now: the next poll tries again.
bool DsnWriter::read_more() {
  block_ = blocks_.acquire();
  if (!block_) return false;
  const std::size_t length = std::min<std::uint64_t>(kBlockBytes, read_end_ - read_);
  reading_ = shard_.read(job_->mid(), read_, {block_.data(), length}, kReadToken);
  if (!reading_) block_.reset();
  return reading_;
}

void DsnWriter::read_done(std::expected<std::size_t, queueing::QueueError> octets) {
  SLUICE_ASSERT(reading_);
  reading_ = false;
  const BlockRef block = std::move(block_);
  if (!octets || *octets == 0) return give_up();
  read_ += *octets;
  std::size_t kept = *octets;
  if (!full_) {
    kept = header_length(as_text({block.data(), kept}));
    read_end_ = read_;
  }
  if (kept == 0) return;
  if (!shard_.append(arrival_, {block, 0, static_cast<std::uint32_t>(kept)})) give_up();
}

void DsnWriter::complete() {
  if (!append_text(shard_, blocks_, arrival_, dsn_closing(context()))) return give_up();
  const queueing::QueuedMessage& message = *shard_.find(job_->mid());
  const auto original = message.envelope.parameters();
  mail::Envelope envelope;
  envelope.set_sender("", {.body = original.body == mail::BodyType::seven_bit && !original.smtputf8
                                       ? mail::BodyType::seven_bit
                                       : mail::BodyType::eight_bit_mime,
                           .smtputf8 = original.smtputf8,
                           .requiretls = original.requiretls});  // RFC 8689 5
  // RFC 3461 6.2: nothing is asked of a notification's own way.
  envelope.add_recipient(
      {.address = message.envelope.reverse_path(), .notify = mail::kNotifyNever});
  if (!shard_.commit(arrival_, {.envelope = &envelope, .received = wall_}, kNoticeToken))
    return give_up();
  job_->reported = leading_action(reported_);
  committing_.push_back(*job_);
  job_ = nullptr;
  arrival_ = {};
}

void DsnWriter::committed(Mid notice, bool durable, WallTime wall) {
  Job* job = committing_.pop_front();
  SLUICE_ASSERT(job != nullptr);
  wall_ = wall;
  if (!durable) return postpone(*job);
  events_.emit({.kind = mail::EventKind::dsn_generated,
                .mid = notice,
                .number = static_cast<std::int64_t>(job->mid()),
                .text = {kind_word(job->reported)}});
  record(*job);
}

void DsnWriter::record(Job& job) {
  using queueing::RecipientStatus;
  for (const Notice& notice : job.notices) {
    if (notice.action == DsnAction::failed)
      shard_.set_outcome(job.mid(), notice.rid,
                         notice.expired ? RecipientStatus::expired : RecipientStatus::bounced);
    if (notice.action == DsnAction::delayed) shard_.set_delay_told(job.mid(), notice.rid);
  }
  jobs_.finish(job);
}

void DsnWriter::give_up() {
  if (arrival_ != Handle{}) shard_.abandon(arrival_);
  postpone(*job_);
  job_ = nullptr;
  arrival_ = {};
}

// The notification was not stored, so a failure is not recorded either: the recipient is tried
// again later. A delay is not told twice, and of a success nobody hears.
void DsnWriter::postpone(Job& job) {
  for (const Notice& notice : job.notices) {
    if (notice.action == DsnAction::delayed) shard_.set_delay_told(job.mid(), notice.rid);
    if (notice.action != DsnAction::failed) {
      events_.emit({.kind = mail::EventKind::dsn_lost,
                    .mid = job.mid(),
                    .rid = notice.rid,
                    .text = {kind_word(notice.action)}});
      continue;
    }
    const WallTime next = wall_ + retry_;
    shard_.set_deferred(job.mid(), notice.rid, next);
    events_.emit({.kind = mail::EventKind::delivery_pending,
                  .mid = job.mid(),
                  .rid = notice.rid,
                  .number = next.unix_seconds()});
  }
  jobs_.finish(job);
}

}  // namespace sluice::delivery
