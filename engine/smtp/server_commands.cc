// The commands of a server session: one table with a check, which only looks, and an effect.
#include <cstdio>
#include <utility>

#include "engine/mail/utf8.h"
#include "engine/smtp/replies.h"
#include "engine/smtp/server_session.h"

namespace sluice::smtp {

struct ServerSession::CommandRow {
  Verb verb;
  std::string_view name;
  std::optional<Reply> (ServerSession::*check)(const Command&) const;
  void (ServerSession::*proceed)(const Command&, Instant);
};

// In the order of Verb. BDAT checks within its effect, for its octets come in any case.
const ServerSession::CommandRow ServerSession::kCommandTable[kVerbCount] = {
    {Verb::ehlo, "EHLO", &ServerSession::check_nothing, &ServerSession::proceed_ehlo},
    {Verb::helo, "HELO", &ServerSession::check_nothing, &ServerSession::proceed_helo},
    {Verb::mail, "MAIL", &ServerSession::check_mail, &ServerSession::proceed_mail},
    {Verb::rcpt, "RCPT", &ServerSession::check_rcpt, &ServerSession::proceed_rcpt},
    {Verb::data, "DATA", &ServerSession::check_data, &ServerSession::proceed_data},
    {Verb::bdat, "BDAT", &ServerSession::check_nothing, &ServerSession::proceed_bdat},
    {Verb::rset, "RSET", &ServerSession::check_nothing, &ServerSession::proceed_rset},
    {Verb::noop, "NOOP", &ServerSession::check_nothing, &ServerSession::proceed_noop},
    {Verb::help, "HELP", &ServerSession::check_nothing, &ServerSession::proceed_help},
    {Verb::quit, "QUIT", &ServerSession::check_nothing, &ServerSession::proceed_quit},
    {Verb::vrfy, "VRFY", &ServerSession::check_nothing, &ServerSession::proceed_vrfy},
    {Verb::expn, "EXPN", &ServerSession::check_nothing, &ServerSession::proceed_unimplemented},
    {Verb::etrn, "ETRN", &ServerSession::check_nothing, &ServerSession::proceed_unimplemented},
    {Verb::starttls, "STARTTLS", &ServerSession::check_starttls, &ServerSession::proceed_starttls},
};

std::size_t ServerSession::receive_command(ByteView input, Instant now) {
  const LineReader::Line line = lines_.read(input);
  switch (line.status) {
    case LineReader::Status::partial: return line.consumed;
    case LineReader::Status::whole: run_line(line.text, now); break;
    case LineReader::Status::bare_newline: refuse_command(reply::kBareNewlineInCommand); break;
    case LineReader::Status::too_long: refuse_command(reply::kLineTooLong); break;
  }
  if (state_ == State::command) enter_command(now);
  return line.consumed;
}

void ServerSession::run_line(std::string_view line, Instant now) {
  const auto command = parse_command(line);
  if (!command) {
    if (command.error().out_of_step) return finish(command.error().reply, "bad BDAT command");
    return refuse_command(command.error().reply);
  }
  if (needs_tls_for(command->verb)) return refuse_command(reply::kMustStartTls);
  const CommandRow& row = kCommandTable[std::to_underlying(command->verb)];
  if (const auto refusal = (this->*row.check)(*command)) return refuse_command(*refusal);
  (this->*row.proceed)(*command, now);
}

// Bad syntax and bad order (50z) are errors of the client; that a message is too large is not.
void ServerSession::refuse_command(const Reply& reply) {
  if (reply.code < 510) ++errors_;
  say(reply);
}

std::optional<Reply> ServerSession::check_nothing(const Command&) const { return std::nullopt; }

std::optional<Reply> ServerSession::check_mail(const Command& command) const {
  if (helo_.empty()) return reply::kNoHello;
  if (envelope_.has_sender()) return reply::kNestedMail;
  if (too_large(command.size)) return reply::kMessageTooLarge;
  if (command.parameters.requiretls && !encrypted_) return reply::kRequireTlsInTheClear;
  if (!command.parameters.smtputf8 && !mail::is_ascii(command.reverse_path))
    return reply::kNeedsSmtpUtf8;
  return std::nullopt;
}

std::optional<Reply> ServerSession::check_rcpt(const Command&) const {
  if (!envelope_.has_sender()) return reply::kNoSender;
  if (message_begun_) return reply::kChunksBegun;
  return std::nullopt;
}

std::optional<Reply> ServerSession::check_data(const Command&) const {
  if (!envelope_.has_sender()) return reply::kNoSender;
  if (message_begun_) return reply::kChunksBegun;
  if (envelope_.recipient_count() == 0) return reply::kNoRecipients;
  return std::nullopt;
}

void ServerSession::proceed_ehlo(const Command& command, Instant) {
  extended_ = true;
  say_text("250-");
  greet_client(command.argument);
  char limits[192];
  const int length =
      std::snprintf(limits, sizeof limits,
                    "250-SIZE %llu\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n"
                    "%s%s250-SMTPUTF8\r\n250-CHUNKING\r\n250-DSN\r\n",
                    static_cast<unsigned long long>(settings_->message_size_max),
                    offers_tls() ? "250-STARTTLS\r\n" : "",
                    encrypted_ ? "250-REQUIRETLS\r\n" : "");  // RFC 8689 3: inside TLS only
  say_text({limits, static_cast<std::size_t>(length)});
  const int tail = std::snprintf(limits, sizeof limits, "250 LIMITS MAILMAX=%u RCPTMAX=%u\r\n",
                                 settings_->messages_max, settings_->recipients_max);
  say_text({limits, static_cast<std::size_t>(tail)});
}

void ServerSession::proceed_helo(const Command& command, Instant) {
  extended_ = false;
  say_text("250 ");
  greet_client(command.argument);
}

// EHLO and HELO start over like RSET (RFC 5321 4.1.4).
void ServerSession::greet_client(std::string_view name) {
  reset_transaction("new EHLO or HELO");
  helo_ = name;
  say_hostname();
  say_text(peer_.address.is_v4() ? " Hello [" : " Hello [IPv6:");
  say_text(peer_.address.text());
  say_text("]\r\n");
}

void ServerSession::proceed_mail(const Command& command, Instant) {
  if (mail_commands_ >= settings_->messages_max)
    return finish(reply::kTooManyMessages, "too many messages");
  ++mail_commands_;
  if (const auto refusal = handler_->check_sender(command.reverse_path, command.parameters))
    return say(*refusal);
  envelope_.set_sender(command.reverse_path, command.parameters);
  say(reply::kSenderOk);
}

std::optional<Reply> ServerSession::recipient_limit(const mail::Recipient& recipient) const {
  if (rcpt_commands_ >= settings_->recipients_max) return reply::kTooManyRecipients;
  const std::size_t bytes = envelope_.encoded().size() + mail::Envelope::encoded_size(recipient);
  if (bytes > settings_->envelope_bytes_max) return reply::kTooManyRecipients;
  if (!mail::is_ascii(recipient.address) && !envelope_.parameters().smtputf8)
    return reply::kNeedsSmtpUtf8;
  return std::nullopt;
}

void ServerSession::proceed_rcpt(const Command& command, Instant) {
  mail::Recipient recipient = command.recipient;
  recipient.address = handler_->recipient_address(recipient.address);
  auto refusal = recipient_limit(recipient);
  if (!refusal) {
    ++rcpt_commands_;
    refusal = handler_->check_recipient(recipient);
  }
  if (refusal) {
    handler_->recipient_refused(recipient, *refusal);
    return say(*refusal);
  }
  envelope_.add_recipient(recipient);
  say(reply::kRecipientOk);
}

void ServerSession::proceed_data(const Command&, Instant now) {
  if (!begin_message()) {
    say_text(refusal_);
    return reset_transaction("message refused");
  }
  say(reply::kStartInput);
  text_.start(settings_->bare_newline);
  set_state(State::data);
  step_deadline_ = now + settings_->data_block_timeout;
}

void ServerSession::proceed_bdat(const Command& command, Instant now) {
  chunk_octets_ = chunk_left_ = command.chunk_bytes;
  chunk_last_ = command.last_chunk;
  begin_chunk(now);
}

void ServerSession::proceed_rset(const Command&, Instant) {
  reset_transaction("RSET");
  say(reply::kResetting);
}

void ServerSession::proceed_noop(const Command&, Instant) { say(reply::kOk); }
void ServerSession::proceed_help(const Command&, Instant) { say(reply::kHelp); }
void ServerSession::proceed_quit(const Command&, Instant) { finish(reply::kClosing, "QUIT"); }
void ServerSession::proceed_vrfy(const Command&, Instant) { say(reply::kCannotVerify); }

void ServerSession::proceed_unimplemented(const Command&, Instant) {
  refuse_command(reply::kNotImplemented);
}

}  // namespace sluice::smtp
