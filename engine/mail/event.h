// The one event vocabulary: everything that happens to a connection, message or delivery is emitted
// once, here; mail log, metrics and tracking are readers of this stream.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/mail/ids.h"

namespace sluice::mail {

enum class EventKind : std::uint8_t {
  // Inbound connection. `local`, `remote`; text[0] = interface name, text[1] = the peer's name or
  // empty, text[2] = "yes": the name leads back to it.
  link_open,
  link_accepted,      // text[0] = sender group, text[1] = what matched
  link_rejected,      // text[0] = reply
  link_early_talker,  // text[0] = first octets
  link_tls_success,   // text[0] = protocol, text[1] = cipher suite
  link_tls_failed,    // number = code of the library, text[0] = what it says
  // The client was asked for its certificate: text[0] = its name, empty = it showed none; text[1] =
  // its issuer; text[2] = why it is not verified, empty = it is.
  link_tls_client,
  link_lost,  // text[0] = reason
  link_close,
  // Receiving a message.
  tx_begin,         // icid, mid
  tx_from,          // text[0] = reverse path
  tx_rcpt,          // rid, text[0] = address
  tx_rcpt_refused,  // text[0] = address, text[1] = reply
  tx_message_id,    // text[0]
  tx_subject,       // text[0]
  tx_ready,         // number = octets, text[0] = reverse path
  tx_aborted,       // text[0] = reason
  tx_rejected,      // text[0] = reply
  // Verdict: number = SCL, text[0] = rule names, text[1] = score, text[2] = "negative",
  // "suspect" (it is tagged) or "positive" (it is not delivered).
  scan_verdict,
  // text[0] = "negative", "positive" or "unscanned", text[1] = the virus or why not, text[2] = the
  // engine.
  scan_antivirus,
  scan_stripped,  // text[0] = name of the file, text[1] = the rule, number = octets
  // Queue.
  queue_committed,  // "queued for delivery"; number = 1: for scanning, which is paused
  // number = SCL: it waits for the operator. text[0] = "late": it would have been refused, had it
  // been scanned on arrival; else it is quarantined.
  queue_held,
  // It was in hand when the engine ended: number = times, text[0] = "scan" or "delivery", text[1] =
  // "set aside" when that was too often.
  queue_suspect,
  arrival_suspect,
  queue_refused,   // text[0] = reason (disk full, …)
  queue_finished,  // every recipient has an outcome
  // Delivery.
  delivery_open,         // dcid, local, remote
  delivery_tls_success,  // dcid, text[0] = protocol, text[1] = cipher suite
  // TLS was to be and is not, and the attempt is over: dcid, remote, number = code of the library
  // or
  // 0, text[0] = domain, text[1] = what it says, text[2] = kind of failure, a few fixed words.
  delivery_tls_failed,
  delivery_dane,  // text[0] = domain, text[1] = mail host, text[2] = what its records ask
  delivery_sts,   // text[0] = domain, text[1] = mail host or empty, text[2] = what MTA-STS says
  delivery_tls_missing,  // the same, but the session goes on in the clear
  delivery_failed,   // connection not made: text[0] = domain, text[1] = details, text[2] = reason
  delivery_start,    // dcid, mid, text[0] = "0 1 2": the RIDs
  delivery_done,     // dcid, mid, text[0] = RIDs, text[1] = reply
  delivery_delayed,  // dcid, mid, rid, text[0] = enhanced code, text[1] = reason, text[2] = reply
  delivery_bounced,  // same
  delivery_pending,  // mid, rid, number = unix seconds of the next attempt
  delivery_close,    // dcid
  // mid = of the DSN, number = MID that it reports on, text[0] = "failure", "delay", "success"
  dsn_generated,
  dsn_lost,  // mid, rid: nobody hears of it, for the queue could not take it; text[0] = kind
  // Operator. text[0] = who.
  operator_action,    // text[1] = what
  recipient_deleted,  // mid, rid
  // Engine.
  engine_info,     // text[0]
  engine_warning,  // text[0]
  alert,           // text[0]
};

struct Event {
  EventKind kind{};
  Icid icid = 0;
  Mid mid = 0;
  Dcid dcid = 0;
  Rid rid = 0;
  std::int64_t number = 0;
  Endpoint local{};
  Endpoint remote{};
  std::string_view text[3];
};

// One per core. The texts are copied before emit() returns; never blocks.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void emit(const Event& event) noexcept = 0;
};

}  // namespace sluice::mail
