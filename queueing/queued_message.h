// A message in the queue, as delivery and `queue show` see it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mail/envelope.h"
#include "engine/mail/ids.h"

namespace sluice::queueing {

enum class RecipientStatus : std::uint8_t { pending, delivered, bounced, expired, deleted };

struct RecipientProgress {
  RecipientStatus status = RecipientStatus::pending;
  std::uint16_t attempts = 0;
  WallTime next_attempt;
};

struct QueuedMessage {
  Mid mid = 0;
  Icid icid = 0;
  WallTime received;
  std::int8_t scl = 0;
  std::uint64_t body_size = 0;  // octets of chunks, without the added header
  mail::Envelope envelope;
  std::string added_header;
  std::vector<RecipientProgress> recipients;  // by RID
  bool leased = false;                        // delivery is working on it
};

}  // namespace sluice::queueing
