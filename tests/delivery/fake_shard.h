// The queue as delivery sees it, in memory; reads complete when the test says so.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <string>

#include "queueing/shard.h"

namespace sluice::delivery {

class FakeShard final : public queueing::Shard {
 public:
  struct Stored {
    queueing::QueuedMessage message;
    std::string body;
  };

  Mid put(std::string_view sender, std::vector<std::string> recipients, std::string body,
          WallTime received, mail::SenderParameters parameters = {}) {
    Stored& stored = messages[++highest_];
    stored.message.mid = highest_;
    stored.message.received = received;
    stored.message.added_header = "Received: from test\r\n";
    stored.message.envelope.set_sender(sender, parameters);
    for (const std::string& address : recipients)
      stored.message.envelope.add_recipient({.address = address});
    finish_put(stored, std::move(body));
    return highest_;
  }

  Mid put(const mail::Envelope& envelope, std::string body, WallTime received) {
    Stored& stored = messages[++highest_];
    stored.message.mid = highest_;
    stored.message.received = received;
    stored.message.added_header = "Received: from test\r\n";
    stored.message.envelope = envelope;
    finish_put(stored, std::move(body));
    return highest_;
  }

  Mid highest_mid() const noexcept override { return highest_; }

  std::expected<Handle, queueing::QueueError> begin(Mid mid) noexcept override {
    if (refuse_arrivals) return std::unexpected(queueing::QueueError::disk_full);
    arrivals_[static_cast<std::uint32_t>(mid)] = {};
    return Handle{static_cast<std::uint32_t>(mid), 1};
  }
  std::expected<void, queueing::QueueError> append(Handle arrival,
                                                   const BlockSlice& slice) noexcept override {
    arrivals_.at(arrival.slot) += as_text(slice.bytes());
    return {};
  }
  std::expected<void, queueing::QueueError> commit(Handle arrival,
                                                   const queueing::Acceptance& acceptance,
                                                   std::uint64_t token) noexcept override {
    if (lose_commits) {
      committed_.push_back({token, arrival.slot, std::unexpected(queueing::QueueError::disk_full)});
      arrivals_.erase(arrival.slot);
      return {};
    }
    committed_.push_back({token, arrival.slot, {}});
    Stored& stored = messages[arrival.slot];
    stored.message.mid = arrival.slot;
    stored.message.received = acceptance.received;
    stored.message.envelope = *acceptance.envelope;
    finish_put(stored, arrivals_.at(arrival.slot));
    arrivals_.erase(arrival.slot);
    return {};
  }
  void abandon(Handle arrival) noexcept override { arrivals_.erase(arrival.slot); }
  bool next_committed(Committed& out) noexcept override {
    if (committed_.empty()) return false;
    out = committed_.front();
    committed_.pop_front();
    return true;
  }

  bool next_due(WallTime now, Mid& out) noexcept override {
    for (auto& [mid, stored] : messages) {
      if (stored.message.leased || due_time(stored.message) > now) continue;
      stored.message.leased = true;
      out = mid;
      return true;
    }
    return false;
  }
  WallTime earliest_due() const noexcept override {
    WallTime earliest{INT64_MAX};
    for (const auto& [mid, stored] : messages)
      if (!stored.message.leased) earliest = std::min(earliest, due_time(stored.message));
    return earliest;
  }
  queueing::QueuedMessage* find(Mid mid) noexcept override {
    const auto at = messages.find(mid);
    return at == messages.end() ? nullptr : &at->second.message;
  }
  void set_outcome(Mid mid, Rid rid, queueing::RecipientStatus status) noexcept override {
    auto& progress = messages.at(mid).message.recipients.at(rid);
    EXPECT_EQ(progress.status, queueing::RecipientStatus::pending) << "two outcomes";
    progress.status = status;
    outcomes[{mid, rid}] = status;
  }
  void set_deferred(Mid mid, Rid rid, WallTime next_attempt) noexcept override {
    auto& progress = messages.at(mid).message.recipients.at(rid);
    ++progress.attempts;
    progress.next_attempt = next_attempt;
  }
  void set_delay_notice(Duration age) noexcept override { delay_notice_ = age; }
  void set_delay_told(Mid mid, Rid rid) noexcept override {
    auto& progress = messages.at(mid).message.recipients.at(rid);
    EXPECT_FALSE(progress.delay_told) << "told twice";
    progress.delay_told = true;
  }
  bool unlease(Mid mid) noexcept override {
    queueing::QueuedMessage& message = messages.at(mid).message;
    EXPECT_TRUE(message.leased);
    message.leased = false;
    const bool pending =
        std::any_of(message.recipients.begin(), message.recipients.end(),
                    [](const auto& r) { return r.status == queueing::RecipientStatus::pending; });
    if (!pending) messages.erase(mid);
    return !pending;
  }
  void flush_due(WallTime) noexcept override {}

  bool read(Mid mid, std::uint64_t offset, MutableBytes into,
            std::uint64_t token) noexcept override {
    if (refuse_reads) return false;
    const std::string& body = messages.at(mid).body;
    EXPECT_LE(offset + into.size(), body.size());
    std::copy_n(body.data() + offset, into.size(), into.data());
    ++reads_started;
    if (fail_reads)
      reads_.push_back({token, std::unexpected(queueing::QueueError::io_error)});
    else
      reads_.push_back({token, into.size()});
    return true;
  }
  bool next_read(ReadDone& out) noexcept override {
    if (reads_.empty() || hold_reads) return false;
    out = reads_.front();
    reads_.pop_front();
    return true;
  }

  std::size_t poll(Instant) noexcept override { return 0; }
  bool idle() const noexcept override { return true; }
  queueing::ShardCounts counts() const noexcept override { return {}; }
  bool visit(std::size_t&, std::size_t, const queueing::MessageVisitor&) override { return false; }

  std::size_t leased() const {
    return static_cast<std::size_t>(
        std::count_if(messages.begin(), messages.end(),
                      [](const auto& entry) { return entry.second.message.leased; }));
  }

  std::map<Mid, Stored> messages;
  std::map<std::pair<Mid, Rid>, queueing::RecipientStatus> outcomes;
  bool refuse_arrivals = false;
  bool lose_commits = false;  // they are taken, but come back as failed
  bool refuse_reads = false;
  bool hold_reads = false;
  bool fail_reads = false;
  int reads_started = 0;

 private:
  static void finish_put(Stored& stored, std::string body) {
    stored.message.body_size = body.size();
    stored.body = std::move(body);
    stored.message.recipients.resize(stored.message.envelope.recipient_count());
  }
  WallTime due_time(const queueing::QueuedMessage& message) const {
    WallTime earliest{INT64_MAX};
    for (const auto& recipient : message.recipients)
      if (delay_notice_.ns != 0 && recipient.attempts > 0 && !recipient.delay_told &&
          recipient.status == queueing::RecipientStatus::pending && !recipient.held &&
          !message.envelope.reverse_path().empty())
        earliest = message.received + delay_notice_;
    for (const auto& recipient : message.recipients)
      if (recipient.status == queueing::RecipientStatus::pending && !recipient.held)
        earliest = std::min(earliest, recipient.next_attempt);
    return earliest;
  }

  Mid highest_ = 0;
  Duration delay_notice_{};
  std::map<std::uint32_t, std::string> arrivals_;
  std::deque<Committed> committed_;
  std::deque<ReadDone> reads_;
};

}  // namespace sluice::delivery
