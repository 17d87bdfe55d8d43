// Delivery status notifications (RFC 3461, 3462, 3464, 6533) as text: what is written before and
// after the part of the original message that they return. Pure; the DSN writer stores them.
// dsn.cc has the message and what people read, dsn_status.cc what programs read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/delivery/job.h"
#include "engine/mail/envelope.h"

namespace sluice::delivery {

// Does the sender want to hear this of the recipient? RFC 3461 4.1, 5.2.
bool wants_notice(const mail::Recipient& recipient, DsnAction action) noexcept;

struct DsnContext {
  std::string_view hostname;    // the Reporting-MTA
  std::string_view postmaster;  // local part or whole address of From
  const queueing::QueuedMessage* original = nullptr;
  const std::vector<Notice>* notices = nullptr;  // only those to be reported; at least one
  Mid mid = 0;                                   // of the notification
  WallTime wall;
  std::uint64_t boundary = 0;    // random: must not occur in the original
  std::uint64_t return_max = 0;  // octets of an original that is returned whole
};

// What the notification is mainly about: a failure if there is one, else a delay, else success.
DsnAction leading_action(const std::vector<Notice>& notices) noexcept;
// RET=FULL is honoured for failures of messages that are not too large; else the header is
// returned (RFC 3461 4.3).
bool returns_full_message(const DsnContext& context) noexcept;

// From the header up to where the returned octets begin.
std::string dsn_opening(const DsnContext& context);
// What follows them. They end with CRLF.
std::string dsn_closing(const DsnContext& context);

// Is the original one of RFC 6531, so that the report is one of RFC 6533?
bool is_international(const DsnContext& context) noexcept;
// The body part for programs, RFC 3464 2, without the headers of the part.
std::string delivery_status(const DsnContext& context);

// RFC 3461 4: xtext decoded; octets that do not belong into a header line become "?".
std::string decode_xtext(std::string_view xtext);

// How many of these octets are the header of a message, without the empty line that ends it; all
// whole lines of them when the header does not end here.
std::size_t header_length(std::string_view octets) noexcept;

}  // namespace sluice::delivery
