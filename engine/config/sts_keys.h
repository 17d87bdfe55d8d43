// The keys of MTA-STS and of the reports on TLS: [mta_sts], [tlsrpt].
#pragma once

#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

std::vector<Key<MtaSts>> mta_sts_keys();
std::vector<Key<TlsReports>> tlsrpt_keys();

}  // namespace sluice::config
