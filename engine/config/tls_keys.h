// The keys that have to do with TLS: [tls], and those of a listener.
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<TlsSettings>> tls_keys();
std::vector<Key<Listener>> listener_tls_keys();

}  // namespace sluice::config
