// A self-signed certificate for the servers of these benchmarks.
#pragma once

#include "tls/identity.h"

namespace sluice::bench {

enum class KeyKind : std::uint8_t { ecdsa, rsa };

tls::Identity make_identity(KeyKind kind);
std::vector<tls::Identity> one_identity(KeyKind kind);

}  // namespace sluice::bench
