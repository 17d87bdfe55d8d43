// The SMTP server (RFC 5321) as a machine without I/O: octets, an event and `now` go in; reply octets
// and calls of ServerHandler come out. It knows nothing of TCP, TLS, scanning or queues.
//
// Use: open(); then receive() with what has arrived and send what output() holds; while waiting() is
// not none/input, nothing is consumed until the matching completion. One session owns one transaction
// at a time (its Envelope); RSET frees it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/mail/envelope.h"
#include "engine/smtp/data_receiver.h"
#include "engine/smtp/reply.h"

namespace sluice::smtp {

// Why a session is not running: `sluice session list` prints exactly this.
enum class Wait : std::uint8_t { none, input, output_space, greeting, space, commit, finished };

struct ServerSettings {  // of one listener; outlives its sessions
  std::string hostname;
  std::string listener_name;
  BareNewlineMode bare_newline = BareNewlineMode::reject;
  std::uint64_t message_size_max = 50ULL * 1024 * 1024;
  std::uint32_t recipients_max = 1'000;
  std::uint32_t messages_max = 1'000;
  std::uint32_t errors_max = 20;
  Duration greet_delay{};
  Duration command_timeout = minutes(5);
  Duration data_block_timeout = minutes(3);
  Duration session_timeout = hours(1);
};

// What the session asks of the house. Every call returns at once; a reply means refusal.
class ServerHandler {
 public:
  virtual std::optional<Reply> check_sender(std::string_view reverse_path,
                                            const mail::SenderParameters& parameters) = 0;
  virtual std::optional<Reply> check_recipient(const mail::Recipient& recipient) = 0;
  // First DATA or BDAT of the transaction: a message begins. A reply (452 4.3.1 …) refuses it.
  virtual std::optional<Reply> begin_message(const mail::Envelope& envelope) = 0;
  // Where the next octets of the message go; empty = none now: the session waits (Wait::space)
  // until space_available().
  virtual MutableBytes message_space() = 0;
  virtual void message_written(std::size_t count) = 0;
  // The final octet has been written. The answer comes by ServerSession::complete_message().
  virtual void end_message() = 0;
  // The transaction ended without a message (RSET, disconnect, error in DATA). Idempotent.
  virtual void abort_message(std::string_view reason) = 0;
  virtual void recipient_refused(const mail::Recipient& recipient, const Reply& reply) = 0;
  virtual void early_talker(ByteView first_octets) = 0;

 protected:
  ~ServerHandler() = default;
};

class ServerSession {
 public:
  // Starts afresh (sessions are pooled): queues the 220 banner, or waits greet_delay first.
  void open(const ServerSettings& settings, ServerHandler& handler, const Endpoint& peer,
            Instant now);
  // Refuses at once: queues `reply` and finishes (421 4.3.2 when draining or over a limit).
  void open_refused(const ServerSettings& settings, const Reply& reply, Instant now);

  // Consumes what it can; returns how many octets it took. Call again after any completion.
  std::size_t receive(ByteView input, Instant now);
  // The peer will send nothing more (FIN) or is gone (reset).
  void receive_end(Instant now);
  void connection_lost();

  // Completions.
  void complete_message(const Reply& reply, Instant now);  // after end_message()
  void space_available(Instant now);                       // after message_space() was empty
  void on_deadline(Instant now);                           // when deadline() has passed

  // Reply octets that wait to be sent; replies of pipelined commands lie side by side.
  ByteView output() const noexcept;
  void output_sent(std::size_t count) noexcept;

  Wait waiting() const noexcept;
  bool finished() const noexcept;     // close the connection once output() is empty
  Instant deadline() const noexcept;  // greeting delay, command/data timeout, session timeout
  void drain(Instant now);            // 421 4.3.2 at the next command boundary

  const mail::Envelope& envelope() const noexcept { return envelope_; }
  std::string_view helo() const noexcept { return helo_; }
  bool extended() const noexcept;     // EHLO was used: "with ESMTP"
  std::string_view state_name() const noexcept;

 private:
  mail::Envelope envelope_;
  std::string helo_;
};

}  // namespace sluice::smtp
