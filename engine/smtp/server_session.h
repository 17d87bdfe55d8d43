// The SMTP server (RFC 5321) as a machine without I/O: octets, an event and `now` go in; replies
// and calls of ServerHandler come out. It knows nothing of TCP, TLS, scanning or queues.
//
// Use: open(); then receive() with what has arrived and send what output() holds; while waiting()
// is not none/input, nothing is consumed until the matching completion (a finished session takes
// and drops everything). One session owns one transaction at a time (its Envelope); RSET frees it.
// A handler may call complete_message() from within end_message().
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
#include "engine/smtp/command.h"
#include "engine/smtp/data_receiver.h"
#include "engine/smtp/line_reader.h"
#include "engine/smtp/reply.h"
#include "engine/smtp/spill_buffer.h"

namespace sluice::smtp {

// Why a session is not running: `sluice session list` prints exactly this.
enum class Wait : std::uint8_t {
  none,
  input,
  output_space,
  greeting,
  space,
  commit,
  tls,  // the handshake: tls_started() ends it
  finished,
};

// Off: STARTTLS is not offered. Required: no mail before TLS. Implicit: TLS from the first octet
// (RFC 8314 3.3), the banner comes inside it.
enum class TlsLevel : std::uint8_t { off, preferred, required, implicit };

struct ServerSettings {  // of one listener; outlives its sessions
  std::string hostname;
  std::string listener_name;
  TlsLevel tls = TlsLevel::off;
  BareNewlineMode bare_newline = BareNewlineMode::reject;
  std::uint64_t message_size_max = 50ULL * 1024 * 1024;  // octets, 0 = no limit
  std::uint32_t recipients_max = 1'000;                  // RCPT commands of one transaction
  std::uint32_t envelope_bytes_max = 512 * 1024;         // of the encoded envelope
  std::uint32_t messages_max = 1'000;                    // MAIL commands of one session
  std::uint32_t errors_max = 20;                         // bad commands before 421
  Duration greet_delay{};
  Duration command_timeout = minutes(5);
  Duration handshake_timeout = seconds(30);
  Duration data_block_timeout = minutes(3);
  Duration session_timeout = hours(1);
};

// What the session asks of the house. Every call returns at once; a reply means refusal.
class ServerHandler {
 public:
  virtual std::optional<Reply> check_sender(std::string_view reverse_path,
                                            const mail::SenderParameters& parameters) = 0;
  // The address that is meant by the one given: a part of it.
  virtual std::string_view recipient_address(std::string_view address) { return address; }
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
  // A fault in the octets of the message: abort_message() follows, the reply when they have ended.
  virtual void message_refused(const Reply&) {}
  virtual void recipient_refused(const mail::Recipient& recipient, const Reply& reply) = 0;
  virtual void early_talker(ByteView first_octets) = 0;
  // STARTTLS where it is offered; the reply (454) refuses it, RFC 3207 section 4.
  virtual std::optional<Reply> check_starttls() { return {}; }

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
  // All octets were given to receive() and the peer will send no more (FIN): the work at hand is
  // answered, then the session finishes. Or the peer is gone (reset).
  void receive_end(Instant now);
  void connection_lost();

  // Completions.
  void complete_message(const Reply& reply, Instant now);  // after end_message()
  void space_available(Instant now);                       // after message_space() was empty
  void on_deadline(Instant now);                           // when deadline() has passed
  // While waiting() is Wait::tls and output() is empty: the connection is encrypted from here on.
  void tls_started(Instant now);

  // Reply octets that wait to be sent; replies of pipelined commands lie side by side.
  ByteView output() const noexcept;
  void output_sent(std::size_t count) noexcept;

  Wait waiting() const noexcept;
  bool finished() const noexcept;     // close the connection once output() is empty
  Instant deadline() const noexcept;  // greeting delay, command/data timeout, session timeout
  void drain(Instant now);            // 421 4.3.2 at the next command boundary

  const mail::Envelope& envelope() const noexcept { return envelope_; }
  std::string_view helo() const noexcept { return helo_; }
  bool extended() const noexcept;  // EHLO was used: "with ESMTP"
  bool encrypted() const noexcept { return encrypted_; }
  std::string_view state_name() const noexcept;

 private:
  // greeting: the banner waits; chunk: octets of a BDAT; commit: the house decides on the message;
  // handshake: of TLS.
  enum class State : std::uint8_t { greeting, command, data, chunk, commit, handshake, finished };
  struct CommandRow;  // server_commands.cc
  static const CommandRow kCommandTable[kVerbCount];

  void set_state(State next) noexcept;
  void start_over(const ServerSettings& settings, ServerHandler* handler, const Endpoint& peer,
                  Instant now);
  void await_greeting(Instant now);
  void greet(Instant now);
  std::size_t receive_some(ByteView input, Instant now);
  void enter_command(Instant now);
  void finish(const Reply& reply, std::string_view reason);
  void finish_silently(std::string_view reason);
  void say(const Reply& reply) noexcept;
  void say_text(std::string_view text) noexcept;
  void say_hostname() noexcept;

  // server_commands.cc
  std::size_t receive_command(ByteView input, Instant now);
  void run_line(std::string_view line, Instant now);
  void refuse_command(const Reply& reply);
  std::optional<Reply> check_nothing(const Command& command) const;
  std::optional<Reply> check_mail(const Command& command) const;
  std::optional<Reply> check_rcpt(const Command& command) const;
  std::optional<Reply> check_data(const Command& command) const;
  std::optional<Reply> check_starttls(const Command& command) const;
  bool offers_tls() const noexcept;
  bool needs_tls_for(Verb verb) const noexcept;
  void proceed_ehlo(const Command& command, Instant now);
  void proceed_helo(const Command& command, Instant now);
  void proceed_mail(const Command& command, Instant now);
  void proceed_rcpt(const Command& command, Instant now);
  void proceed_data(const Command& command, Instant now);
  void proceed_bdat(const Command& command, Instant now);
  void proceed_rset(const Command& command, Instant now);
  void proceed_noop(const Command& command, Instant now);
  void proceed_help(const Command& command, Instant now);
  void proceed_quit(const Command& command, Instant now);
  void proceed_vrfy(const Command& command, Instant now);
  void proceed_starttls(const Command& command, Instant now);
  void proceed_unimplemented(const Command& command, Instant now);
  void greet_client(std::string_view name);
  std::optional<Reply> recipient_limit(const mail::Recipient& recipient) const;

  // server_message.cc
  std::size_t receive_text(ByteView input, Instant now);
  std::size_t receive_chunk(ByteView input, Instant now);
  void begin_chunk(Instant now);
  void finish_text(Instant now);
  void finish_chunk(Instant now);
  bool begin_message();
  void message_arrived();
  void refuse_message(const Reply& reply, std::string_view reason);
  void abort_message(std::string_view reason);
  void reset_transaction(std::string_view reason);
  bool too_large(std::uint64_t octets) const noexcept;

  static constexpr std::size_t kOutputBytesMax = 4096;
  // Room that a command needs before it is looked at: its own replies (EHLO's list is the largest),
  // the one behind the message and a closing 421.
  static constexpr std::size_t kReplyRoom = 4 * kReplyBytesMax;

  const ServerSettings* settings_ = nullptr;
  ServerHandler* handler_ = nullptr;
  Endpoint peer_;
  State state_ = State::finished;
  bool extended_ = false;       // EHLO, not HELO
  bool encrypted_ = false;      // TLS is on
  bool greeted_ = false;        // the banner went out
  bool peer_finished_ = false;  // FIN came: finish when the work at hand is done
  bool draining_ = false;
  bool no_space_ = false;       // message_space() was empty
  bool message_begun_ = false;  // begin_message() was accepted, neither ended nor aborted yet
  bool chunk_last_ = false;
  std::uint32_t errors_ = 0;
  std::uint32_t mail_commands_ = 0;
  std::uint32_t rcpt_commands_ = 0;  // of this transaction
  std::uint64_t message_octets_ = 0;
  std::uint64_t chunk_octets_ = 0;  // of this BDAT
  std::uint64_t chunk_left_ = 0;    // of them not received yet
  Instant step_deadline_;           // of the greeting, command or data block under way
  Instant session_deadline_;
  std::string refusal_;  // the reply that waits for the end of a refused message, with its CRLF
  LineReader lines_;
  DataReceiver text_;
  SpillBuffer<512, kOutputBytesMax> out_;
  mail::Envelope envelope_;
  std::string helo_;
};

}  // namespace sluice::smtp
