// A message in the queue, as delivery and the operator's commands see it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mail/envelope.h"
#include "engine/mail/ids.h"

namespace sluice::queueing {

// Of the listener that took the message. The values are those on the disk.
enum class Direction : std::uint8_t { inbound = 0, outbound = 1 };

// What the message waits for. The values are those on the disk.
enum class Stage : std::uint8_t {
  delivery = 0,
  scan = 1,
  held = 2,    // a scan after acceptance found what would have been refused: the operator decides
  poison = 3,  // work on it has ended the engine more than once: the operator decides
};

// The operator's three queues; a message is in exactly one of them.
enum class QueueName : std::uint8_t { inbound, outbound, delivery };
inline constexpr std::size_t kQueues = 3;
using QueueSizes = std::array<std::uint64_t, kQueues>;  // by QueueName

constexpr QueueName queue_of(Direction direction, Stage stage) noexcept {
  if (stage == Stage::delivery) return QueueName::delivery;
  return direction == Direction::outbound ? QueueName::outbound : QueueName::inbound;
}

enum class RecipientStatus : std::uint8_t { pending, delivered, bounced, expired, deleted };

inline constexpr std::uint32_t kNotListed = UINT32_MAX;

struct RecipientProgress {
  RecipientStatus status = RecipientStatus::pending;
  bool held = false;  // the operator holds the host; set when the message is leased, not stored
  bool delay_told = false;  // its sender knows that it waits
  std::uint16_t attempts = 0;
  std::uint32_t listed = kNotListed;  // its place in the list of its host; not stored
  WallTime next_attempt;
};

// What a next hop has said; those of one host that say the same share the text.
using Answer = std::shared_ptr<const std::string>;

struct QueuedMessage {
  Mid mid = 0;
  Icid icid = 0;
  WallTime received;
  std::int8_t scl = 0;
  Direction direction = Direction::inbound;
  Stage stage = Stage::delivery;
  std::uint64_t body_size = 0;  // octets of chunks, without the added header
  mail::Envelope envelope;
  std::string added_header;
  std::vector<RecipientProgress> recipients;  // by RID
  std::vector<Answer> answers;  // by RID, the last one since start; empty until the first
  bool leased = false;          // delivery or a late scan is working on it

  QueueName queue() const noexcept { return queue_of(direction, stage); }
};

// The wall clock was set, or is looked at for the first time.
struct ClockChange {
  Duration by;      // forward; 0: only the limits are to be kept (at start)
  WallTime now;     // the new time; nothing was received later
  WallTime latest;  // no wait ends later
};

using MessageVisitor = std::function<void(const QueuedMessage&)>;

}  // namespace sluice::queueing
