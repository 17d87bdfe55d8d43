// Mail that the engine itself writes: alerts and reports. It has the null sender, so that it is
// never answered, and goes through the queue like any other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/clock.h"
#include "engine/mail/event.h"
#include "engine/mail/ids.h"
#include "queueing/shard.h"

namespace sluice::delivery {

struct GeneratedMail {
  std::string from;  // local part or mailbox, in the header only
  std::vector<std::string> recipients;
  std::string subject;
  std::string text;    // lines ended by CRLF, ASCII
  std::string header;  // further fields, lines ended by CRLF
  std::string content_type = "text/plain; charset=us-ascii";
  bool tls_optional = false;  // goes out however TLS fares (RFC 8689 5)
};

struct GeneratedInto {
  queueing::Shard& shard;
  BlockPool& blocks;
  IdSequence& mids;
  mail::EventSink& events;
};

// Token of such commits; nobody waits for them.
inline constexpr std::uint64_t kGeneratedToken = UINT64_MAX - 1;

// Stores it. False when the queue or the blocks are short now.
bool store_generated(const GeneratedMail& mail, std::string_view hostname,
                     const GeneratedInto& into, WallTime wall);

// The next octets of a message that is being stored.
bool append_text(queueing::Shard& shard, BlockPool& blocks, Handle arrival, std::string_view text);

}  // namespace sluice::delivery
