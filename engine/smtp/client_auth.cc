// AUTH of a client session (RFC 4954): PLAIN (RFC 4616), or LOGIN where the peer has nothing else.
// Only inside TLS; a session that should authenticate and cannot sends no message.
#include <algorithm>

#include "engine/smtp/client_session.h"

namespace sluice::smtp {
namespace {

// RFC 4648 4.
std::string base64(std::string_view octets) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < octets.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, octets.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < count ? static_cast<std::uint8_t>(octets[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

// True when the session goes on (or ends) with AUTH instead of becoming ready.
bool ClientSession::begin_auth(Instant now) {
  const Credentials& own = settings_.credentials;
  if (!own.given()) return false;
  auth_trouble_ = true;
  if (!encrypted_) {
    give_up("the credentials are not sent without TLS");
  } else if (capabilities_.auth_plain) {
    const std::string response = '\0' + own.user + '\0' + own.password;
    put("AUTH PLAIN ");
    put(base64(response));
    put("\r\n");
    expect(State::auth, settings_.command_timeout, now);
  } else if (capabilities_.auth_login) {
    put("AUTH LOGIN\r\n");
    expect(State::auth_user, settings_.command_timeout, now);
  } else {
    give_up("the next hop offers neither AUTH PLAIN nor AUTH LOGIN");
  }
  return true;
}

void ClientSession::on_auth_reply(Instant now) {
  const std::uint16_t code = reply_.code();
  if (code == 334 && state_ != State::auth) {
    const bool asks_user = state_ == State::auth_user;
    put(base64(asks_user ? settings_.credentials.user : settings_.credentials.password));
    put("\r\n");
    return expect(asks_user ? State::auth_password : State::auth, settings_.command_timeout, now);
  }
  if (code != 235) return give_up_by_reply();
  auth_trouble_ = false;
  greeted();
}

}  // namespace sluice::smtp
