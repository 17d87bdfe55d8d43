// The life of a server session: opening, time, completions, output. Commands are in
// server_commands.cc, messages in server_message.cc.
#include "engine/smtp/server_session.h"

#include <algorithm>
#include <utility>

#include "engine/base/contract.h"
#include "engine/mail/address.h"
#include "engine/smtp/replies.h"

namespace sluice::smtp {

namespace {

constexpr std::size_t kEarlyOctetsMax = 128;  // of an early talker's input, for the log

constexpr std::uint8_t bit(int state) { return static_cast<std::uint8_t>(1 << state); }

// Row = from, bits = to: greeting, command, data, chunk, commit, handshake, finished.
constexpr std::uint8_t kGreeting = bit(0), kCommand = bit(1), kData = bit(2), kChunk = bit(3),
                       kCommit = bit(4), kHandshake = bit(5), kFinished = bit(6);
constexpr std::uint8_t kTransitions[] = {
    kCommand | kFinished,
    kData | kChunk | kHandshake | kFinished,
    kCommand | kCommit | kFinished,
    kCommand | kCommit | kFinished,
    kCommand | kFinished,
    kGreeting | kCommand | kFinished,
    kGreeting | kHandshake | kFinished,
};

}  // namespace

void ServerSession::set_state(State next) noexcept {
  SLUICE_ASSERT((kTransitions[std::to_underlying(state_)] & bit(std::to_underlying(next))) != 0);
  state_ = next;
}

void ServerSession::start_over(const ServerSettings& settings, ServerHandler* handler,
                               const Endpoint& peer, Instant now) {
  settings_ = &settings;
  handler_ = handler;
  peer_ = peer;
  state_ = State::finished;
  extended_ = encrypted_ = greeted_ = false;
  peer_finished_ = draining_ = no_space_ = message_begun_ = chunk_last_ = false;
  errors_ = mail_commands_ = rcpt_commands_ = 0;
  message_octets_ = chunk_octets_ = chunk_left_ = 0;
  session_deadline_ = now + settings.session_timeout;
  refusal_.clear();
  lines_.clear();
  out_.clear();
  envelope_.clear();
  helo_.clear();
}

void ServerSession::open(const ServerSettings& settings, ServerHandler& handler,
                         const Endpoint& peer, Instant now) {
  start_over(settings, &handler, peer, now);
  if (settings.tls != TlsLevel::implicit) return await_greeting(now);
  set_state(State::handshake);
  step_deadline_ = now + settings.handshake_timeout;
}

void ServerSession::open_refused(const ServerSettings& settings, const Reply& reply, Instant now) {
  start_over(settings, nullptr, {}, now);
  say(reply);
}

void ServerSession::await_greeting(Instant now) {
  set_state(State::greeting);
  step_deadline_ = now + settings_->greet_delay;
  if (settings_->greet_delay == Duration{}) greet(now);
}

void ServerSession::greet(Instant now) {
  greeted_ = true;
  say_text("220 ");
  say_hostname();
  say_text(" ESMTP\r\n");
  set_state(State::command);
  enter_command(now);
}

std::size_t ServerSession::receive(ByteView input, Instant now) {
  std::size_t taken = 0;
  while (taken < input.size() && state_ != State::finished) {
    const Wait before = waiting();
    if (before != Wait::input && before != Wait::greeting) break;
    taken += receive_some(input.subspan(taken), now);
  }
  // What stands behind STARTTLS was not sent by a client that keeps to the protocol (RFC 3207 5).
  const bool drops_rest = state_ == State::finished || state_ == State::handshake;
  return drops_rest ? input.size() : taken;
}

std::size_t ServerSession::receive_some(ByteView input, Instant now) {
  switch (state_) {
    case State::greeting:
      handler_->early_talker(input.first(std::min(input.size(), kEarlyOctetsMax)));
      finish(reply::kEarlyTalker, "early talker");
      return input.size();
    case State::command: return receive_command(input, now);
    case State::data: return receive_text(input, now);
    case State::chunk: return receive_chunk(input, now);
    case State::commit:
    case State::handshake:
    case State::finished: break;
  }
  return 0;
}

// Between two commands: what has come up meanwhile is done first.
void ServerSession::enter_command(Instant now) {
  step_deadline_ = now + settings_->command_timeout;
  if (errors_ >= settings_->errors_max) return finish(reply::kTooManyErrors, "too many errors");
  if (draining_) return finish(reply::kDraining, "shutting down");
  if (peer_finished_) finish_silently("connection closed by peer");
}

void ServerSession::receive_end(Instant) {
  peer_finished_ = true;
  if (state_ != State::commit && state_ != State::finished)
    finish_silently("connection closed by peer");
}

void ServerSession::connection_lost() {
  if (state_ != State::finished) finish_silently("connection lost");
  out_.clear();
}

void ServerSession::complete_message(const Reply& reply, Instant now) {
  if (state_ != State::commit) return;  // the session ended meanwhile
  say(reply);
  reset_transaction({});
  set_state(State::command);
  enter_command(now);
}

void ServerSession::space_available(Instant now) {
  no_space_ = false;
  step_deadline_ = now + settings_->data_block_timeout;
}

void ServerSession::on_deadline(Instant now) {
  if (now < deadline()) return;
  if (state_ == State::greeting && now < session_deadline_) return greet(now);
  if (state_ == State::handshake) return finish_silently("timed out");  // no one could read a reply
  finish(reply::kTimeout, "timed out");
}

void ServerSession::drain(Instant now) {
  draining_ = true;
  if (state_ == State::greeting) finish(reply::kDraining, "shutting down");
  if (state_ == State::command) enter_command(now);
}

void ServerSession::finish(const Reply& reply, std::string_view reason) {
  if (out_.room() >= kReplyBytesMax) say(reply);  // else the peer has not read for long
  finish_silently(reason);
}

void ServerSession::finish_silently(std::string_view reason) {
  reset_transaction(reason);
  set_state(State::finished);
}

void ServerSession::say(const Reply& reply) noexcept {
  std::uint8_t line[kReplyBytesMax];
  out_.append({line, format_reply(reply, line)});
}

void ServerSession::say_text(std::string_view text) noexcept { out_.append(as_bytes(text)); }
void ServerSession::say_hostname() noexcept {
  say_text(std::string_view(settings_->hostname).substr(0, mail::kDomainBytesMax));
}

ByteView ServerSession::output() const noexcept { return out_.bytes(); }
void ServerSession::output_sent(std::size_t count) noexcept { out_.consume(count); }

Wait ServerSession::waiting() const noexcept {
  switch (state_) {
    case State::greeting: return Wait::greeting;
    case State::command: return out_.room() < kReplyRoom ? Wait::output_space : Wait::input;
    case State::data:
    case State::chunk: return no_space_ ? Wait::space : Wait::input;
    case State::commit: return Wait::commit;
    case State::handshake: return Wait::tls;
    case State::finished: break;
  }
  return Wait::finished;
}

bool ServerSession::finished() const noexcept { return state_ == State::finished; }

// A message that the house is deciding on is never cut off: the peer would send it again.
Instant ServerSession::deadline() const noexcept {
  switch (waiting()) {
    case Wait::commit:
    case Wait::finished: return Instant::never();
    case Wait::space: return session_deadline_;
    default: return std::min(step_deadline_, session_deadline_);
  }
}

bool ServerSession::extended() const noexcept { return extended_; }

std::string_view ServerSession::state_name() const noexcept {
  switch (state_) {
    case State::greeting: return "greeting";
    case State::command: return envelope_.has_sender() ? "transaction" : "command";
    case State::data: return "data";
    case State::chunk: return "bdat";
    case State::commit: return "commit";
    case State::handshake: return "tls";
    case State::finished: break;
  }
  return "finished";
}

}  // namespace sluice::smtp
