// Opens TLS to a mail server as any other mail server would, and reports what it was shown.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "engine/base/ip_address.h"
#include "tls/handle.h"

namespace sluice::tools {

struct Probe {
  std::string protocol;
  std::string cipher;
  std::vector<tls::CertificatePtr> chain;  // as it was sent
};

// `implicit`: TLS from the first octet; else STARTTLS. `host` is asked for (SNI).
std::expected<Probe, std::string> probe_tls(const Endpoint& server, bool implicit,
                                            const std::string& host);

}  // namespace sluice::tools
