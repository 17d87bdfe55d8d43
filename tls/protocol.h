// Versions, ciphers, groups and modes that every TLS connection of ours has.
#pragma once

#include <string>
#include <string_view>

#include "tls/handle.h"
#include "tls/identity.h"

namespace sluice::tls {

bool set_protocol(SSL_CTX* context) noexcept;
// Adds the identity to those that `context` shows; it replaces one with the same kind of key.
bool use_identity(SSL_CTX* context, const Identity& identity);
// "what: the library's reason"; empties the error queue.
std::string library_fault(std::string_view what);

}  // namespace sluice::tls
