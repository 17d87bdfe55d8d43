// HKDF as TLS 1.3 uses it (RFC 5869, RFC 8446 7.1), over the HMAC of OpenSSL with contexts that a
// thread keeps: OpenSSL's own key derivation looks its algorithms up by name at every step, which
// costs more than the hashes.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"

namespace sluice::tls {

inline constexpr std::size_t kHashMax = 48;

enum class Hash : std::uint8_t { none = 0, sha_256 = 32, sha_384 = 48 };  // its size in octets
constexpr std::size_t size_of(Hash hash) noexcept { return static_cast<std::size_t>(hash); }

// HKDF-Extract; `out` has the size of the hash. All of these: false = no memory, or a length that
// cannot be.
bool hkdf_extract(Hash hash, ByteView salt, ByteView input, MutableBytes out) noexcept;
// HKDF-Expand-Label with a label that stands after `prefix` ("tls13 "); at most one hash long.
bool hkdf_expand_label(Hash hash, ByteView secret, std::string_view prefix, std::string_view label,
                       ByteView context, MutableBytes out) noexcept;
ByteView hash_of_nothing(Hash hash) noexcept;

}  // namespace sluice::tls
