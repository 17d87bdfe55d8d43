// One message of a client session: what the peer can take, the pipelined envelope, and what each
// reply means for each recipient.
#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/contract.h"
#include "engine/mail/utf8.h"
#include "engine/smtp/client_session.h"

namespace sluice::smtp {

namespace {

constexpr std::size_t kWordBytesMax = 512;  // of an address or parameter that is sent
constexpr std::string_view kNeedsEightBit =
    "5.6.3 Message is 8-bit and the next hop does not offer 8BITMIME";
constexpr std::string_view kNeedsSmtpUtf8 =
    "5.6.7 Message needs SMTPUTF8, which the next hop does not offer";
constexpr std::string_view kNeedsRequireTls =
    "5.7.30 Message needs REQUIRETLS, which the next hop does not offer";
constexpr std::string_view kTooLarge = "5.3.4 Message is larger than the next hop takes";
constexpr std::string_view kBadSender = "5.1.7 Sender address cannot be sent";
constexpr std::string_view kBadRecipient = "5.1.3 Recipient address cannot be sent";

// Nothing that could end the path or the line.
bool can_be_sent(std::string_view word) noexcept {
  return word.size() <= kWordBytesMax && std::none_of(word.begin(), word.end(), [](char c) {
           return (c >= 0 && c < ' ') || c == 127;
         });
}

Outcome outcome_of(std::uint16_t code) noexcept {
  if (code < 300) return Outcome::delivered;
  return code < 500 ? Outcome::deferred : Outcome::failed;
}

}  // namespace

void ClientSession::start(const OutgoingMessage& message, Instant now) {
  SLUICE_ASSERT(ready());
  message_ = message;
  progress_.assign(message_.recipients.size(), Progress::waiting);
  result_.recipients.assign(message_.recipients.size(), {});
  to_send_.clear();
  under_way_ = true;
  result_ready_ = mail_refused_ = false;
  accepted_ = 0;
  // RFC 3030 4.2: chunks are sent ahead of their replies only to a peer that offers PIPELINING.
  chunking_ =
      settings_.chunking && !settings_.lmtp && capabilities_.chunking && capabilities_.pipelining;
  chunks_unanswered_ = 0;
  check_message();
  for (std::uint32_t i = 0; i < progress_.size(); ++i) {
    check_recipient(i);
    if (progress_[i] == Progress::waiting) to_send_.push_back(i);
  }
  if (to_send_.empty()) {
    result_ready_ = true;
    return;
  }
  sent_ = answered_ = reset_needed_ ? kStepReset : kStepMail;
  expect(State::envelope, settings_.command_timeout, now);
  send_commands();
}

void ClientSession::check_message() {
  const mail::SenderParameters& parameters = message_.parameters;
  const bool utf8 = parameters.smtputf8 || !mail::is_ascii(message_.reverse_path);
  if (!can_be_sent(message_.reverse_path) || !can_be_sent(parameters.envid))
    resolve_open(Outcome::failed, 0, kBadSender);
  if (capabilities_.size_max != 0 && message_.size > capabilities_.size_max)
    resolve_open(Outcome::failed, 0, kTooLarge);
  if (parameters.body != mail::BodyType::seven_bit && !capabilities_.eight_bit_mime)
    resolve_open(Outcome::failed, 0, kNeedsEightBit);
  if (utf8 && !capabilities_.smtputf8) resolve_open(Outcome::failed, 0, kNeedsSmtpUtf8);
  if (parameters.requiretls && !(encrypted_ && capabilities_.requiretls))
    resolve_open(Outcome::failed, 0, kNeedsRequireTls);
}

void ClientSession::check_recipient(std::uint32_t index) {
  const mail::Recipient& recipient = message_.recipients[index];
  if (!can_be_sent(recipient.address) || !can_be_sent(recipient.orcpt))
    resolve(index, Outcome::failed, 0, kBadRecipient);
  if (!mail::is_ascii(recipient.address) && !capabilities_.smtputf8)
    resolve(index, Outcome::failed, 0, kNeedsSmtpUtf8);
}

// The first decision on a recipient stands.
void ClientSession::resolve(std::uint32_t index, Outcome outcome, std::uint16_t code,
                            std::string_view reply) {
  if (progress_[index] == Progress::resolved) return;
  progress_[index] = Progress::resolved;
  result_.recipients[index] = {outcome, code, std::string(reply)};
}

void ClientSession::resolve_open(Outcome outcome, std::uint16_t code, std::string_view reply) {
  for (std::uint32_t i = 0; i < progress_.size(); ++i) resolve(i, outcome, code, reply);
}

// DATA is not sent when it is known by then that nobody is left to receive the message; BDAT waits
// for all replies to RCPT.
bool ClientSession::more_to_send() const noexcept {
  if (state_ != State::envelope || mail_refused_ || sent_ > step_data()) return false;
  if (chunking_ && sent_ == step_data()) return false;
  return sent_ != step_data() || answered_ != step_data() || accepted_ > 0;
}

// Without PIPELINING one command at a time, with it as many as the output takes (RFC 2920 3.1).
void ClientSession::send_commands() noexcept {
  while (more_to_send() && room() >= kCommandRoom &&
         (capabilities_.pipelining || sent_ == answered_))
    send_step(sent_++);
}

void ClientSession::send_step(std::uint32_t step) noexcept {
  if (step == kStepReset) return put("RSET\r\n");
  if (step == kStepMail) return send_mail();
  if (step == step_data()) return put("DATA\r\n");
  send_recipient(message_.recipients[to_send_[step - kStepFirstRecipient]]);
}

void ClientSession::send_mail() noexcept {
  const mail::SenderParameters& parameters = message_.parameters;
  put("MAIL FROM:<");
  put(message_.reverse_path);
  put(">");
  if (capabilities_.size && message_.size > 0) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, message_.size).ptr;
    put(" SIZE=");
    put({digits, static_cast<std::size_t>(end - digits)});
  }
  if (parameters.body != mail::BodyType::seven_bit) put(" BODY=8BITMIME");
  const bool utf8_recipient = std::any_of(
      to_send_.begin(), to_send_.end(),
      [&](std::uint32_t index) { return !mail::is_ascii(message_.recipients[index].address); });
  if (parameters.smtputf8 || utf8_recipient || !mail::is_ascii(message_.reverse_path))
    put(" SMTPUTF8");
  if (parameters.requiretls) put(" REQUIRETLS");
  if (capabilities_.dsn && parameters.ret != mail::DsnReturn::unspecified)
    put(parameters.ret == mail::DsnReturn::full ? " RET=FULL" : " RET=HDRS");
  if (capabilities_.dsn && !parameters.envid.empty()) {
    put(" ENVID=");
    put(parameters.envid);
  }
  put("\r\n");
}

void ClientSession::send_recipient(const mail::Recipient& recipient) noexcept {
  put("RCPT TO:<");
  put(recipient.address);
  put(">");
  if (capabilities_.dsn && (recipient.notify & mail::kNotifyNever) != 0) {
    put(" NOTIFY=NEVER");
  } else if (capabilities_.dsn && recipient.notify != 0) {
    std::string_view separator = " NOTIFY=";
    const auto add = [&](std::uint8_t bit, std::string_view word) {
      if ((recipient.notify & bit) == 0) return;
      put(separator);
      put(word);
      separator = ",";
    };
    add(mail::kNotifySuccess, "SUCCESS");
    add(mail::kNotifyFailure, "FAILURE");
    add(mail::kNotifyDelay, "DELAY");
  }
  if (capabilities_.dsn && !recipient.orcpt.empty()) {
    put(" ORCPT=");
    put(recipient.orcpt);
  }
  put("\r\n");
}

void ClientSession::on_envelope_reply(Instant now) {
  if (answered_ == sent_) return give_up("peer sent a reply to nothing: " + reply_text());
  deadline_ = now + settings_.command_timeout;
  const std::uint32_t step = answered_++;
  const bool positive = reply_.code() < 300;
  if (step == step_data()) return on_data_reply(now);
  if (reply_.code() >= 300 && reply_.code() < 400)
    return give_up("peer sent an unexpected reply: " + reply_text());
  if (step == kStepReset && !positive) return give_up_by_reply();
  if (step == kStepReset) reset_needed_ = false;
  if (step == kStepMail && !positive) {
    mail_refused_ = true;
    resolve_open(outcome_of(reply_.code()), reply_.code(), reply_text());
  }
  if (step >= kStepFirstRecipient) on_recipient_reply(to_send_[step - kStepFirstRecipient]);
  send_commands();
  if (answered_ == sent_ && !more_to_send()) {  // no DATA is out and none will be
    if (chunking_ && accepted_ > 0 && !mail_refused_) return start_body(now);
    reset_needed_ = !mail_refused_;
    conclude();
  }
}

void ClientSession::on_recipient_reply(std::uint32_t index) {
  if (progress_[index] != Progress::waiting) return;
  const std::uint16_t code = reply_.code();
  if (code < 300) {
    progress_[index] = Progress::accepted;
    ++accepted_;
    return;
  }
  // RFC 5321 4.5.3.1.10: 552 to RCPT means too many recipients, to be tried again.
  const Outcome outcome = code == 552 ? Outcome::deferred : outcome_of(code);
  resolve(index, outcome, code, reply_text());
}

void ClientSession::on_data_reply(Instant now) {
  const std::uint16_t code = reply_.code();
  if (code == 354 && accepted_ > 0 && !mail_refused_) {
    return start_body(now);
  }
  // RFC 2033 4.2: without a recipient LMTP has no reply to the dot either.
  if (code == 354 && settings_.lmtp)
    return give_up("peer wants a message that nobody takes: " + reply_text());
  if (code == 354) {  // RFC 2920 3.1: end it at once, an error will come
    put(".\r\n");
    return expect(State::abandon, settings_.data_done_timeout, now);
  }
  if (code < 400) return give_up("peer sent an unexpected reply to DATA: " + reply_text());
  resolve_open(outcome_of(code), code, reply_text());
  reset_needed_ = !mail_refused_;
  conclude();
}

void ClientSession::start_body(Instant now) noexcept {
  writer_.start(chunking_ ? BodyWriter::Form::chunk : BodyWriter::Form::data);
  expect(State::body, settings_.data_block_timeout, now);
}

// To a chunk that is not the last. One refusal refuses the message; the chunks behind it are out
// already, so the connection is given up.
void ClientSession::on_chunk_reply(Instant now) {
  const std::uint16_t code = reply_.code();
  if (code < 300 && chunks_unanswered_ > 0) {
    --chunks_unanswered_;
    deadline_ =
        now + (state_ == State::done ? settings_.data_done_timeout : settings_.data_block_timeout);
    return;
  }
  if (code >= 400) resolve_open(outcome_of(code), code, reply_text());
  give_up("peer refused a part of the message: " + reply_text(), code);
}

void ClientSession::on_final_reply(Instant now) {
  if (out_begin_ != out_end_)
    return give_up("peer answered before the end of the message: " + reply_text());
  const std::uint16_t code = reply_.code();
  if (code >= 300 && code < 400) return give_up("peer sent an unexpected reply: " + reply_text());
  if (settings_.lmtp) return on_recipient_final_reply(now);
  resolve_open(outcome_of(code), code, reply_text());
  conclude();
}

// RFC 2033 4.2: in the order of the recipients that were accepted.
void ClientSession::on_recipient_final_reply(Instant now) {
  const std::uint16_t code = reply_.code();
  const auto next = std::ranges::find_if(
      to_send_, [&](std::uint32_t index) { return progress_[index] == Progress::accepted; });
  resolve(*next, outcome_of(code), code, reply_text());
  if (--accepted_ == 0) return conclude();
  deadline_ = now + settings_.data_done_timeout;
}

void ClientSession::conclude() noexcept {
  state_ = State::ready;
  deadline_ = Instant::never();
  result_ready_ = true;
}

std::optional<MessageResult> ClientSession::take_result() {
  if (!result_ready_) return std::nullopt;
  result_ready_ = under_way_ = false;
  return std::exchange(result_, {});
}

}  // namespace sluice::smtp
