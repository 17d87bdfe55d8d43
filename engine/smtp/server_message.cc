// The message of a transaction: the octets of DATA (RFC 5321 4.1.1.4) and of BDAT (RFC 3030), and
// what becomes of a message that is refused while it arrives.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "engine/smtp/replies.h"
#include "engine/smtp/server_session.h"

namespace sluice::smtp {

bool ServerSession::too_large(std::uint64_t octets) const noexcept {
  return settings_->message_size_max != 0 && octets > settings_->message_size_max;
}

// False: the reply is in refusal_.
bool ServerSession::begin_message() {
  message_octets_ = 0;
  refusal_.clear();
  if (const auto refusal = handler_->begin_message(envelope_)) {
    refuse_message(*refusal, "message refused");
    return false;
  }
  message_begun_ = true;
  return true;
}

std::size_t ServerSession::receive_text(ByteView input, Instant now) {
  MutableBytes space;
  if (!text_.discarding()) {
    space = handler_->message_space();
    if (space.empty()) {
      no_space_ = true;
      return 0;
    }
  }
  step_deadline_ = now + settings_->data_block_timeout;
  const DataReceiver::Step step = text_.receive(input, space);
  if (step.produced > 0) handler_->message_written(step.produced);
  message_octets_ += step.produced;
  if (refusal_.empty()) {
    if (text_.fault() == DataReceiver::Fault::bare_newline)
      refuse_message(reply::kBareNewlineInMessage, "bare CR or LF in message");
    else if (text_.fault() == DataReceiver::Fault::nul)
      refuse_message(reply::kNulInMessage, "NUL in message");
    else if (too_large(message_octets_))
      refuse_message(reply::kMessageTooLarge, "message too large");
  }
  if (step.end) finish_text(now);
  return step.consumed;
}

// The octets that are still to come are read and dropped; the reply comes at their end.
void ServerSession::refuse_message(const Reply& reply, std::string_view reason) {
  std::uint8_t line[kReplyBytesMax];
  refusal_ = as_text({line, format_reply(reply, line)});
  text_.discard();
  if (message_begun_) handler_->message_refused(reply);
  abort_message(reason);
}

void ServerSession::finish_text(Instant now) {
  if (refusal_.empty()) return message_arrived();
  say_text(refusal_);
  reset_transaction({});
  set_state(State::command);
  enter_command(now);
}

void ServerSession::begin_chunk(Instant now) {
  set_state(State::chunk);
  step_deadline_ = now + settings_->data_block_timeout;
  refusal_.clear();
  if (envelope_.recipient_count() == 0) {
    ++errors_;
    refuse_message(envelope_.has_sender() ? reply::kNoRecipients : reply::kNoSender, {});
  } else if (message_begun_ || begin_message()) {
    if (too_large(chunk_octets_) || too_large(message_octets_ + chunk_octets_))
      refuse_message(reply::kMessageTooLarge, "message too large");
  }
  if (!refusal_.empty() && envelope_.recipient_count() > 0) reset_transaction({});
  if (chunk_left_ == 0) finish_chunk(now);
}

std::size_t ServerSession::receive_chunk(ByteView input, Instant now) {
  std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size()));
  if (refusal_.empty()) {
    const MutableBytes space = handler_->message_space();
    if (space.empty()) {
      no_space_ = true;
      return 0;
    }
    count = std::min(count, space.size());
    std::memcpy(space.data(), input.data(), count);
    handler_->message_written(count);
    message_octets_ += count;
  }
  step_deadline_ = now + settings_->data_block_timeout;
  chunk_left_ -= count;
  if (chunk_left_ == 0) finish_chunk(now);
  return count;
}

void ServerSession::finish_chunk(Instant now) {
  if (refusal_.empty() && chunk_last_) return message_arrived();
  if (refusal_.empty()) {
    char text[48];
    const int length = std::snprintf(text, sizeof text, "%llu octets received",
                                     static_cast<unsigned long long>(chunk_octets_));
    say({250, "2.0.0", {text, static_cast<std::size_t>(length)}});
  } else {
    say_text(refusal_);
  }
  set_state(State::command);
  enter_command(now);
}

void ServerSession::message_arrived() {
  set_state(State::commit);
  message_begun_ = false;  // it belongs to the house now
  handler_->end_message();
}

void ServerSession::abort_message(std::string_view reason) {
  if (!message_begun_) return;
  message_begun_ = false;
  handler_->abort_message(reason);
}

void ServerSession::reset_transaction(std::string_view reason) {
  abort_message(reason);
  envelope_.clear();
  rcpt_commands_ = 0;
  no_space_ = false;
}

}  // namespace sluice::smtp
