// The SMTP client (RFC 5321) as a machine without I/O: delivers messages over one connection, with
// PIPELINING, SIZE, 8BITMIME, SMTPUTF8, DSN and CHUNKING where the peer has them, several messages
// one after another. Never sends a bare CR or LF or an unstuffed dot.
//
// Use: open(); feed receive(), send output(). When ready() is true, start() the next message; while
// wants_body() is true, give its octets with body(); when take_result() has one, the message is done.
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

namespace sluice::smtp {

struct ClientSettings {
  std::string hostname;  // EHLO argument
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
  std::uint16_t code = 0;         // 0 when no reply came
  std::string reply;              // "550 5.1.1 User unknown", or what went wrong
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

  bool ready() const noexcept;  // greeted, no message under way: start() may be called
  void start(const OutgoingMessage& message, Instant now);
  // The peer has said 354 (or BDAT is under way) and there is room for body octets.
  bool wants_body() const noexcept;
  // Takes the next octets of the message, returns how many (bounded by the output buffer).
  std::size_t body(ByteView octets, Instant now);
  void body_end(Instant now);     // the message is complete
  void body_failed(Instant now);  // cannot be read: the connection is given up without a final dot
  std::optional<MessageResult> take_result();

  void quit(Instant now);
  bool finished() const noexcept;  // after QUIT's answer or a failure
  std::string_view failure() const noexcept;  // why it finished, empty when orderly

  ByteView output() const noexcept;
  void output_sent(std::size_t count) noexcept;
  Instant deadline() const noexcept;
};

}  // namespace sluice::smtp
