// The TLS of an outbound connection: the handshake between the peer's 220 and the second EHLO, and
// what its certificate must be (RFC 3207 4).
#include "engine/base/contract.h"
#include "engine/delivery/destination.h"
#include "engine/delivery/outbound_connection.h"

namespace sluice::delivery {

// False when it waits for the peer.
bool OutboundConnection::shake_hands(Instant now) {
  const tls::PeerPolicy& policy = destination_->policy(hop_);
  if (connection_->state() == net::Connection::State::failed)
    return fail_handshake(tls::take_failure(net::describe(connection_->error())));
  if (!tls_) {
    SLUICE_ASSERT(session_.output().empty());
    if (policy.context == nullptr || tls_buffers_ == nullptr)
      return fail_handshake(tls::take_failure("this gateway has no TLS"));
    tls_ = std::make_unique<tls::Stream>(*tls_buffers_);
    if (!tls_->session().connect(*policy.context, *connection_, policy))
      return fail_handshake(tls::take_failure("no memory, or no TLSA record that can be used"));
  }
  switch (tls_->session().handshake()) {
    case tls::Outcome::done: return finish_handshake(now);
    case tls::Outcome::want_input:
    case tls::Outcome::want_output: return false;
    default: return fail_handshake(tls_->session().failure());
  }
}

bool OutboundConnection::finish_handshake(Instant now) {
  const tls::PeerPolicy& policy = destination_->policy(hop_);
  if (tls::looks_at_certificate(policy)) peer_ = tls_->session().peer(policy);
  if (policy.level == tls::Level::required_verify && !peer_.verified)
    return fail_handshake(tls::certificate_failure(peer_));
  stream_ = tls_.get();
  session_.tls_started(now);
  return true;
}

bool OutboundConnection::fail_handshake(const tls::Failure& failure) {
  tls_failure_ = failure;
  session_.tls_failed(failure.view());
  return true;
}

}  // namespace sluice::delivery
