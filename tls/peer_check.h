// Whether the peer is who a policy wants: sets OpenSSL up for a policy before the handshake and
// says afterwards what came out.
#pragma once

#include <string>

#include "tls/failure.h"
#include "tls/handle.h"
#include "tls/peer_policy.h"

namespace sluice::tls {

// What is wrong with a certificate, as reports sort it (RFC 8460 4.3.1).
enum class CertificateFault : unsigned char { none, name, dates, issuer, other };

struct PeerCheck {
  bool verified = false;
  bool by_dane = false;
  long code = 0;  // X509_V_*, 0 = fine
  CertificateFault fault = CertificateFault::none;
  std::string reason;  // why not: "certificate has expired"
};

// SNI, reference identifiers, TLSA records. No certificate ends the handshake: the caller asks
// check_peer() before it writes anything. False: no memory, or no TLSA record that can be used.
bool prepare(SSL* ssl, const PeerPolicy& policy) noexcept;

// After the handshake.
PeerCheck check_peer(SSL* ssl, const PeerPolicy& policy);

// What a log says when the policy has no use for such a peer.
Failure certificate_failure(const PeerCheck& check) noexcept;
bool is_certificate_failure(const Failure& failure) noexcept;

}  // namespace sluice::tls
