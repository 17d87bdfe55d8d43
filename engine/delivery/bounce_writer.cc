#include "engine/delivery/bounce_writer.h"

#include <algorithm>

#include "engine/delivery/delivery.h"
#include "engine/delivery/generated.h"

namespace sluice::delivery {

void BounceWriter::configure(const config::Config& config) {
  hostname_ = config.hostname;
  postmaster_ = config.delivery.postmaster;
  retry_ = config.delivery.retry.front();
}

std::size_t BounceWriter::poll(WallTime wall) {
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

void BounceWriter::begin() {
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
  full_ = returns_full_message(message->envelope, message->body_size);
  read_ = 0;
  read_end_ = full_ ? message->body_size : std::min<std::uint64_t>(message->body_size, kBlockBytes);
  const std::string added_header = message->added_header;
  if (!append_text(shard_, blocks_, arrival_, bounce_opening(context()) + added_header)) give_up();
}

// RFC 5321 6.1: a message with the null sender is never answered. NOTIFY=NEVER silences the rest.
void BounceWriter::select_reported(const queueing::QueuedMessage& message) {
  reported_.clear();
  if (message.envelope.reverse_path().empty()) return;
  message.envelope.for_each_recipient([&](Rid rid, const mail::Recipient& recipient) {
    if (!wants_failure_notice(recipient)) return;
    for (const Failure& failure : job_->failures)
      if (failure.rid == rid) reported_.push_back(failure);
  });
}

BounceContext BounceWriter::context() const {
  return {hostname_, postmaster_, shard_.find(job_->mid()), &reported_, mid_, wall_, boundary_};
}

// false when a block or the shard is short now: the next poll tries again.
bool BounceWriter::read_more() {
  block_ = blocks_.acquire();
  if (!block_) return false;
  const std::size_t length = std::min<std::uint64_t>(kBlockBytes, read_end_ - read_);
  reading_ = shard_.read(job_->mid(), read_, {block_.data(), length}, kReadToken);
  if (!reading_) block_.reset();
  return reading_;
}

void BounceWriter::read_done(std::expected<std::size_t, queueing::QueueError> octets) {
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

void BounceWriter::complete() {
  if (!append_text(shard_, blocks_, arrival_, bounce_closing(context()))) return give_up();
  const queueing::QueuedMessage& message = *shard_.find(job_->mid());
  const auto original = message.envelope.parameters();
  mail::Envelope envelope;
  envelope.set_sender("", {.body = original.body == mail::BodyType::seven_bit && !original.smtputf8
                                       ? mail::BodyType::seven_bit
                                       : mail::BodyType::eight_bit_mime,
                           .smtputf8 = original.smtputf8,
                           .requiretls = original.requiretls});  // RFC 8689 5
  envelope.add_recipient({.address = message.envelope.reverse_path()});
  if (!shard_.commit(arrival_, {.envelope = &envelope, .received = wall_}, kNoticeToken))
    return give_up();
  committing_.push_back(*job_);
  job_ = nullptr;
  arrival_ = {};
}

void BounceWriter::committed(Mid notice, bool durable, WallTime wall) {
  Job* job = committing_.pop_front();
  SLUICE_ASSERT(job != nullptr);
  wall_ = wall;
  if (!durable) return postpone(*job);
  events_.emit({.kind = mail::EventKind::dsn_generated,
                .mid = notice,
                .number = static_cast<std::int64_t>(job->mid()),
                .text = {"failure"}});
  record(*job);
}

void BounceWriter::record(Job& job) {
  for (const Failure& failure : job.failures)
    shard_.set_outcome(
        job.mid(), failure.rid,
        failure.expired ? queueing::RecipientStatus::expired : queueing::RecipientStatus::bounced);
  jobs_.finish(job);
}

void BounceWriter::give_up() {
  if (arrival_ != Handle{}) shard_.abandon(arrival_);
  postpone(*job_);
  job_ = nullptr;
  arrival_ = {};
}

// The notification was not stored, so the failure is not recorded either: the recipients are tried
// again later.
void BounceWriter::postpone(Job& job) {
  for (const Failure& failure : job.failures) {
    const WallTime next = wall_ + retry_;
    shard_.set_deferred(job.mid(), failure.rid, next);
    events_.emit({.kind = mail::EventKind::delivery_pending,
                  .mid = job.mid(),
                  .rid = failure.rid,
                  .number = next.unix_seconds()});
  }
  jobs_.finish(job);
}

}  // namespace sluice::delivery
