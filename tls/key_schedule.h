// The key schedule of TLS 1.3 (RFC 8446 7.1) as a provider of OpenSSL's: contexts that are made
// with prefer_ours() take their TLS13-KDF from here. It is quicker (hkdf.h), and it is where the
// secrets of the records can be had that a session goes on with by itself (record_layer.h).
#pragma once

#include <array>
#include <cstdint>

#include "tls/hkdf.h"

namespace sluice::tls {

// [client|server]_application_traffic_secret_N. Wiped when it goes.
struct TrafficSecret {
  std::array<std::uint8_t, kHashMax> octets{};
  Hash hash = Hash::none;  // of the cipher suite; none: there is no secret

  TrafficSecret() = default;
  TrafficSecret(const TrafficSecret&) = default;
  TrafficSecret& operator=(const TrafficSecret&) = default;
  ~TrafficSecret();
  ByteView view() const noexcept { return ByteView(octets).first(size_of(hash)); }
};

struct TrafficSecrets {
  TrafficSecret client, server;
  bool complete() const noexcept { return client.hash != Hash::none && server.hash != Hash::none; }
};

// The properties to make an SSL_CTX with (SSL_CTX_new_ex). nullptr when the provider could not be
// loaded: then OpenSSL's own schedule is used, and nobody is told a secret.
const char* prefer_ours() noexcept;

// While it lives, this thread's handshakes leave their traffic secrets in `secrets`.
class SecretsWanted {
 public:
  explicit SecretsWanted(TrafficSecrets* secrets) noexcept;
  SecretsWanted(const SecretsWanted&) = delete;
  SecretsWanted& operator=(const SecretsWanted&) = delete;
  ~SecretsWanted();
};

}  // namespace sluice::tls
