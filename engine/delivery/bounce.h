// Delivery status notifications (RFC 3461, 3462, 3464) as text: what is written before and after
// the part of the original message that they return. Pure; the bounce writer stores them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/delivery/job.h"
#include "engine/mail/envelope.h"

namespace sluice::delivery {

// Does the sender want to hear of this recipient's failure? RFC 3461 5.2.
bool wants_failure_notice(const mail::Recipient& recipient) noexcept;

// RET=FULL is honoured up to this size; above it the headers are returned (RFC 3461 4.3 allows it).
inline constexpr std::uint64_t kFullReturnMax = 1024 * 1024;  // octets
bool returns_full_message(const mail::Envelope& envelope, std::uint64_t size) noexcept;

struct BounceContext {
  std::string_view hostname;    // the Reporting-MTA
  std::string_view postmaster;  // local part or whole address of From
  const queueing::QueuedMessage* original = nullptr;
  const std::vector<Failure>* failures = nullptr;  // only those to be reported
  Mid mid = 0;                                     // of the notification
  WallTime wall;
  std::uint64_t boundary = 0;  // random: must not occur in the original
};

// From the header up to where the returned octets begin.
std::string bounce_opening(const BounceContext& context);
// What follows them. They end with CRLF.
std::string bounce_closing(const BounceContext& context);

// RFC 3461 4: xtext decoded; octets that do not belong into a header line become "?".
std::string decode_xtext(std::string_view xtext);

// How many of these octets are the header of a message, without the empty line that ends it; all
// whole lines of them when the header does not end here.
std::size_t header_length(std::string_view octets) noexcept;

}  // namespace sluice::delivery
