// What tests of the queue share: a shard over a memory device, and messages whose octets follow
// from their MID, so that any part of them can be checked.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "engine/base/block.h"
#include "queueing/recovery.h"
#include "queueing/shard.h"
#include "tests/support/memory_device.h"

namespace sluice::queueing {

inline constexpr WallTime kReceived{1'800'000'000'000'000'000};

inline std::string body_of(Mid mid, std::size_t size) {
  std::string body(size, '\0');
  Random random(mid);
  for (char& c : body) c = static_cast<char>('!' + random.below(90));
  return body;
}

class QueueBench {
 public:
  explicit QueueBench(LogDevice& device, std::string directory = "memory") : device_(&device) {
    options.directory = std::move(directory);
    options.segment_bytes = 256 * 1024;
    options.segments_max = 64;
    options.disk_reserve = 0;
    options.messages_max = 10'000;
    options.arrivals_max = 64;
  }
  ~QueueBench() { shard.reset(); }

  ShardOptions options;
  BlockPool blocks{512};
  std::unique_ptr<Shard> shard;
  Instant now{0};
  Stage stage = Stage::delivery;                                       // of what is committed
  std::map<std::uint64_t, std::expected<void, QueueError>> committed;  // by token

  void open() {
    auto opened = Shard::open(options, *device_);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    shard = std::move(*opened);
  }
  void close() { shard.reset(); }
  void reopen() {
    close();
    open();
  }

  void poll(int times = 1) {
    Shard::Committed done;
    for (int i = 0; i < times; ++i) {
      now = now + milliseconds(1);
      shard->poll(now);
      while (shard->next_committed(done)) committed.emplace(done.token, done.result);
    }
  }
  // Until nothing is under way; a lazy record needs some hundreds of milliseconds.
  void settle() {
    for (int i = 0; i < 20'000 && !shard->idle(); ++i) poll();
    ASSERT_TRUE(shard->idle());
  }

  std::expected<void, QueueError> append(Handle arrival, std::string_view octets) {
    for (std::size_t at = 0; at < octets.size(); at += kBlockBytes) {
      const std::string_view piece = octets.substr(at, kBlockBytes);
      BlockRef block = blocks.acquire();
      if (!block) return std::unexpected(QueueError::too_many_arrivals);
      std::copy(piece.begin(), piece.end(), block.data());
      auto result = shard->append(arrival, {block, 0, static_cast<std::uint32_t>(piece.size())});
      if (!result) return result;
      if (at / kBlockBytes % 4 == 3) poll();
    }
    return {};
  }

  // begin, append and commit; the token is the MID.
  std::expected<void, QueueError> submit(Mid mid, std::size_t size, unsigned recipients = 1) {
    auto arrival = shard->begin(mid);
    if (!arrival) return std::unexpected(arrival.error());
    auto result = append(*arrival, body_of(mid, size));
    if (result) result = commit(*arrival, mid, recipients);
    if (!result) shard->abandon(*arrival);
    return result;
  }
  std::expected<void, QueueError> commit(Handle arrival, Mid mid, unsigned recipients = 1) {
    mail::Envelope envelope;
    envelope.set_sender("sender" + std::to_string(mid) + "@example.com", {});
    for (unsigned i = 0; i < recipients; ++i)
      envelope.add_recipient({.address = "to" + std::to_string(i) + "@example.net"});
    const std::string header = "Received: id " + std::to_string(mid) + "\r\n";
    return shard->commit(
        arrival, {&envelope, as_bytes(header), kReceived, 3, mid + 7, Direction::inbound, stage},
        mid);
  }
  bool accepted(Mid mid) const {
    auto it = committed.find(mid);
    return it != committed.end() && it->second.has_value();
  }

  std::expected<std::string, QueueError> read(Mid mid, std::uint64_t offset, std::size_t size) {
    std::string octets(size, '\0');
    Shard::ReadDone done;
    MutableBytes into{reinterpret_cast<std::uint8_t*>(octets.data()), size};
    if (!shard->read(mid, offset, into, 99)) return std::unexpected(QueueError::io_error);
    for (int i = 0; i < 20'000'000 && !shard->next_read(done); ++i) {
      poll();
      std::this_thread::yield();  // for a device that has threads
    }
    EXPECT_EQ(done.token, 99u);
    if (!done.octets) return std::unexpected(done.octets.error());
    octets.resize(*done.octets);
    return octets;
  }
  // The message is there, with the octets that its MID says.
  void expect_whole(Mid mid, std::size_t size) {
    const QueuedMessage* message = shard->find(mid);
    ASSERT_NE(message, nullptr) << mid;
    EXPECT_EQ(message->body_size, size);
    EXPECT_EQ(message->icid, mid + 7);
    EXPECT_EQ(message->envelope.reverse_path(), "sender" + std::to_string(mid) + "@example.com");
    EXPECT_EQ(message->added_header, "Received: id " + std::to_string(mid) + "\r\n");
    const auto octets = read(mid, 0, size + 10);
    ASSERT_TRUE(octets.has_value()) << describe(octets.error());
    EXPECT_TRUE(*octets == body_of(mid, size)) << mid;
  }
  void deliver(Mid mid) {
    const std::size_t recipients = shard->find(mid)->recipients.size();
    for (Rid rid = 0; rid < recipients; ++rid)
      shard->set_outcome(mid, rid, RecipientStatus::delivered);
  }

 private:
  LogDevice* device_;
};

}  // namespace sluice::queueing
