// STARTTLS (RFC 3207) and TLS from the first octet (RFC 8314 3.3). The session only knows when the
// octets are protected; the handshake is the business of whoever carries them.
#include "engine/smtp/replies.h"
#include "engine/smtp/server_session.h"

namespace sluice::smtp {

bool ServerSession::offers_tls() const noexcept {
  return settings_->tls != TlsLevel::off && !encrypted_;
}

// RFC 3207 4: what a client may say in the clear where TLS is required. The octets of a BDAT come
// in any case; without MAIL they are dropped.
bool ServerSession::needs_tls_for(Verb verb) const noexcept {
  if (settings_->tls != TlsLevel::required || encrypted_) return false;
  switch (verb) {
    case Verb::ehlo:
    case Verb::helo:
    case Verb::starttls:
    case Verb::noop:
    case Verb::rset:
    case Verb::help:
    case Verb::bdat:
    case Verb::quit: return false;
    default: return true;
  }
}

std::optional<Reply> ServerSession::check_starttls(const Command&) const {
  if (encrypted_) return reply::kTlsActive;
  if (!offers_tls()) return reply::kNotImplemented;
  return handler_->check_starttls();
}

void ServerSession::proceed_starttls(const Command&, Instant now) {
  reset_transaction("STARTTLS");
  say(reply::kStartTls);
  set_state(State::handshake);
  step_deadline_ = now + settings_->handshake_timeout;
}

// RFC 3207 4.2: nothing that was learned in the clear counts.
void ServerSession::tls_started(Instant now) {
  encrypted_ = true;
  extended_ = false;
  helo_.clear();
  lines_.clear();
  if (!greeted_) return await_greeting(now);
  set_state(State::command);
  enter_command(now);
}

}  // namespace sluice::smtp
