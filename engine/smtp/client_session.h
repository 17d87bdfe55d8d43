// The SMTP client (RFC 5321), or LMTP client (RFC 2033), as a machine without I/O: delivers
// messages over one connection, with PIPELINING, SIZE, 8BITMIME, SMTPUTF8 and DSN where the peer
// has them, several messages one after another. Never sends a bare CR or LF or an unstuffed dot. A
// message counts as delivered only by a 2yz that came after its final dot had been taken from
// output().
//
// Use: open(); feed receive(), send output(). When wants_tls() is true, all output has to go out
// first; then the transport shakes hands and says tls_started() or tls_failed(). When ready() is
// true, start() the next message; while wants_body() is true, give its octets with body(), then
// body_end(); when take_result() has one, the message is done.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/clock.h"
#include "engine/mail/envelope.h"
#include "engine/smtp/body_writer.h"
#include "engine/smtp/capabilities.h"
#include "engine/smtp/client_reply.h"
#include "engine/smtp/credentials.h"

namespace sluice::smtp {

// never: STARTTLS is not used; preferred: where the peer can; required: or no message is sent;
// implicit: TLS before the greeting (RFC 8314 3).
enum class ClientTls : std::uint8_t { never, preferred, required, implicit };

// Why a session that should have TLS has none.
enum class TlsTrouble : std::uint8_t {
  none,
  no_ehlo,      // the peer does not know EHLO
  not_offered,  // STARTTLS is not in its list
  refused,      // it answered STARTTLS with an error
  failed,       // after its 220
};

struct ClientSettings {
  std::string hostname;  // EHLO argument
  bool chunking = true;  // BDAT where the peer offers it, else DATA
  ClientTls tls = ClientTls::never;
  bool lmtp = false;                       // LHLO, and a reply for each recipient after the dot
  Credentials credentials;                 // given: AUTH inside TLS, or no message is sent
  Duration greeting_timeout = minutes(5);  // RFC 5321 4.5.3.2
  Duration command_timeout = minutes(5);
  Duration data_block_timeout = minutes(3);
  Duration data_done_timeout = minutes(10);
};

// What to send. The views live until the result is taken.
struct OutgoingMessage {
  std::string_view reverse_path;
  mail::SenderParameters parameters;
  std::vector<mail::Recipient> recipients;
  std::uint64_t size = 0;  // octets of header and body as they will be given to body()
};

enum class Outcome : std::uint8_t { delivered, deferred, failed };  // 2yz, 4yz or connection, 5yz

struct RecipientResult {
  Outcome outcome = Outcome::deferred;
  std::uint16_t code = 0;  // 0 when no reply came
  // "550 5.1.1 User unknown"; with code 0 what went wrong, led by an enhanced code when it is our
  // own decision ("5.6.7 …").
  std::string reply;
};

struct MessageResult {
  std::vector<RecipientResult> recipients;  // in the order given
};

class ClientSession {
 public:
  void open(const ClientSettings& settings, Instant now);

  std::size_t receive(ByteView input, Instant now);
  void connection_lost(std::string_view reason, Instant now);
  void on_deadline(Instant now);

  // The peer's 220 to STARTTLS has come, or TLS comes first: from here on nothing is read or
  // written in the clear.
  bool wants_tls() const noexcept { return state_ == State::handshake; }
  void tls_started(Instant now);
  void tls_failed(std::string_view reason);  // the session is over
  bool encrypted() const noexcept { return encrypted_; }
  TlsTrouble tls_trouble() const noexcept { return tls_trouble_; }
  bool auth_trouble() const noexcept {
    return auth_trouble_;
  }  // the session ended for want of AUTH

  bool ready() const noexcept;  // greeted, no message under way: start() may be called
  void start(const OutgoingMessage& message, Instant now);
  // The peer has said 354 (or BDAT is under way) and there is room for body octets.
  bool wants_body() const noexcept;
  // Takes the next octets of the message, returns how many (bounded by the output buffer).
  std::size_t body(ByteView octets, Instant now);
  void body_end(Instant now);  // the message is complete
  // It turns out that it cannot go to this peer: "5.6.3 …". The same end, and it has failed.
  void body_refused(std::string_view reply);
  void body_failed(Instant now);  // cannot be read: the connection is given up without a final dot
  std::optional<MessageResult> take_result();

  void quit(Instant now);
  bool finished() const noexcept;             // after QUIT's answer or a failure
  std::string_view failure() const noexcept;  // why it finished, empty when orderly
  std::uint16_t failure_code() const noexcept { return failure_code_; }  // of a reply, 0 = none
  const Capabilities& capabilities() const noexcept { return capabilities_; }

  ByteView output() const noexcept;
  void output_sent(std::size_t count) noexcept;
  Instant deadline() const noexcept;

 private:
  // envelope: MAIL, RCPT, DATA are out; body: 354 came, or BDAT is under way; done: the final dot
  // or the last chunk is out; abandon: a lone dot is out after a 354 that nobody needed.
  enum class State : std::uint8_t {
    greeting,
    ehlo,
    helo,
    starttls,
    handshake,
    auth,  // the reply decides
    auth_user,
    auth_password,
    ready,
    envelope,
    body,
    done,
    abandon,
    quitting,
    finished,
  };
  enum class Progress : std::uint8_t { waiting, accepted, resolved };  // of one recipient

  // client_tls.cc
  bool begin_tls(Instant now);
  void on_starttls_reply(Instant now);

  // client_auth.cc
  bool begin_auth(Instant now);
  void on_auth_reply(Instant now);

  // client_session.cc
  void on_reply(Instant now);
  void on_hello_reply(Instant now);
  void on_ehlo_refused(Instant now);
  void greeted() noexcept;
  void send_hello(Instant now);
  void send_hello(std::string_view verb, State next, Instant now);
  void expect(State next, Duration timeout, Instant now) noexcept;
  void give_up(std::string_view failure, std::uint16_t code = 0);
  void give_up_by_reply();
  std::string reply_text() const;
  std::size_t room() const noexcept { return kOutputBytesMax - (out_end_ - out_begin_); }
  MutableBytes space() noexcept;
  void put(std::string_view text) noexcept;

  // client_transaction.cc
  void resolve(std::uint32_t index, Outcome outcome, std::uint16_t code, std::string_view reply);
  void resolve_open(Outcome outcome, std::uint16_t code, std::string_view reply);
  void check_message();
  void check_recipient(std::uint32_t index);
  void send_commands() noexcept;
  bool more_to_send() const noexcept;
  void send_step(std::uint32_t step) noexcept;
  void send_mail() noexcept;
  void send_recipient(const mail::Recipient& recipient) noexcept;
  void on_envelope_reply(Instant now);
  void on_recipient_reply(std::uint32_t index);
  void on_data_reply(Instant now);
  void start_body(Instant now) noexcept;
  void on_chunk_reply(Instant now);
  void on_final_reply(Instant now);
  void on_recipient_final_reply(Instant now);
  void conclude() noexcept;
  // The commands of a transaction are numbered: RSET, MAIL, a RCPT per recipient, DATA.
  static constexpr std::uint32_t kStepReset = 0, kStepMail = 1, kStepFirstRecipient = 2;
  std::uint32_t step_data() const noexcept {
    return kStepFirstRecipient + static_cast<std::uint32_t>(to_send_.size());
  }

  static constexpr std::size_t kOutputBytesMax = 32 * 1024;
  static constexpr std::size_t kCommandRoom = 2048;  // the longest command fits

  ClientSettings settings_;
  State state_ = State::finished;
  ReplyReader reply_;
  Capabilities capabilities_;
  Instant deadline_ = Instant::never();
  std::string failure_;
  std::uint16_t failure_code_ = 0;
  bool encrypted_ = false;
  TlsTrouble tls_trouble_ = TlsTrouble::none;
  bool auth_trouble_ = false;

  OutgoingMessage message_;
  std::vector<Progress> progress_;      // by recipient
  std::vector<std::uint32_t> to_send_;  // recipients that get a RCPT
  MessageResult result_;
  bool under_way_ = false;  // a message was started and its result not taken yet
  bool result_ready_ = false;
  bool mail_refused_ = false;
  bool reset_needed_ = false;            // the peer may still hold a transaction of ours
  std::uint32_t sent_ = 0;               // next step to send
  std::uint32_t answered_ = 0;           // next step to be answered; answered_ <= sent_
  std::uint32_t accepted_ = 0;           // recipients the peer has accepted
  bool chunking_ = false;                // this message goes by BDAT
  std::uint32_t chunks_unanswered_ = 0;  // BDATs out without their replies
  BodyWriter writer_;

  std::vector<std::uint8_t> out_;  // kOutputBytesMax once opened; out_begin_ <= out_end_
  std::size_t out_begin_ = 0;
  std::size_t out_end_ = 0;
};

}  // namespace sluice::smtp
