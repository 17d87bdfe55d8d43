// STARTTLS of a client session (RFC 3207). The session only knows when the octets are protected;
// the handshake and the certificate are the business of whoever carries them.
#include "engine/smtp/client_session.h"

namespace sluice::smtp {

// True when the session goes on (or ends) with TLS instead of becoming ready.
bool ClientSession::begin_tls(Instant now) {
  if (settings_.tls == ClientTls::never || encrypted_) return false;
  if (capabilities_.starttls) {
    put("STARTTLS\r\n");
    expect(State::starttls, settings_.command_timeout, now);
    return true;
  }
  tls_trouble_ = TlsTrouble::not_offered;
  if (settings_.tls != ClientTls::required) return false;
  give_up("STARTTLS is not in the list of the peer's EHLO");
  return true;
}

// RFC 3207 4.1: after any reply but 220 the session is as it was.
void ClientSession::on_starttls_reply(Instant now) {
  if (reply_.code() == 220) return expect(State::handshake, settings_.command_timeout, now);
  tls_trouble_ = TlsTrouble::refused;
  if (settings_.tls == ClientTls::required) return give_up_by_reply();
  if (!begin_auth(now)) greeted();
}

// RFC 3207 4.2: what the peer said in the clear is forgotten, and EHLO is sent again.
void ClientSession::tls_started(Instant now) {
  encrypted_ = true;
  capabilities_ = {};
  reply_.clear();
  if (settings_.tls == ClientTls::implicit)
    expect(State::greeting, settings_.greeting_timeout, now);
  else
    send_hello(now);
}

void ClientSession::tls_failed(std::string_view reason) {
  tls_trouble_ = TlsTrouble::failed;
  give_up(reason);
}

}  // namespace sluice::smtp
