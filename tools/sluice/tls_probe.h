// Looks at a mail server's TLS as a third party would: connects, says EHLO and STARTTLS, shakes
// hands, leaves. Blocking, with a limit on the whole.
#pragma once

#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "tls/certificate.h"
#include "tls/peer_policy.h"

namespace sluice::tools {

struct ProbeTarget {
  Endpoint address;
  std::string hostname;    // that we say in EHLO
  tls::PeerPolicy policy;  // names, authorities, TLSA records; its level is not looked at
  bool implicit = false;
  Duration limit = seconds(30);
};

struct ProbeResult {
  std::string fault;   // empty: the handshake was done
  std::string banner;  // the host in the greeting
  std::string protocol;
  std::string cipher;
  std::vector<tls::CertificatePtr> chain;  // as it was sent
  bool verified = false;
  std::string reason;  // why it is not
};

ProbeResult probe(const ProbeTarget& target);

}  // namespace sluice::tools
