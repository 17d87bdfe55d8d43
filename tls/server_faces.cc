#include "tls/server_faces.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "tls/certificate.h"
#include "tls/key_schedule.h"
#include "tls/protocol.h"
#include "tls/ticket_keys.h"

namespace sluice::tls {
namespace {

constexpr int kClientChainMax = 10;         // certificates between a client's and its root
constexpr std::size_t kHostBytesMax = 255;  // RFC 1035 2.3.4

int kind_of(const Identity& identity) { return EVP_PKEY_get_base_id(identity.key.get()); }

// The host of SNI picks the certificate. One that is not ours is no fault: the client may know us
// by another name (RFC 6066 3 lets a server go on).
int on_server_name(SSL* ssl, int*, void* argument) noexcept {
  const char* const host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (host == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const face = static_cast<const Faces*>(argument)->find(host);
  if (face == nullptr) return SSL_TLSEXT_ERR_NOACK;
  if (face != SSL_get_SSL_CTX(ssl) && SSL_set_SSL_CTX(ssl, face) == nullptr)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  return SSL_TLSEXT_ERR_OK;
}

// OpenSSL asks after it has chosen the certificate, and frees what it is given.
int on_status_request(SSL* ssl, void* argument) noexcept {
  const ByteView staple = static_cast<const Faces*>(argument)->staple_of(SSL_get_certificate(ssl));
  if (staple.empty()) return SSL_TLSEXT_ERR_NOACK;
  void* const copy = OPENSSL_memdup(staple.data(), staple.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, static_cast<unsigned char*>(copy),
                                  static_cast<long>(staple.size()));
  return SSL_TLSEXT_ERR_OK;
}

// ClientCertificates::ask. What was wrong stays in SSL_get_verify_result().
int accept_any(int, X509_STORE_CTX*) noexcept { return 1; }

// What a session was agreed under; a ticket is no good when any of it has changed.
using Terms = std::array<unsigned char, SHA256_DIGEST_LENGTH>;
Terms terms_of(const ServerSettings& settings, const std::vector<Identity>& identities) {
  std::string text = settings.name + '/';
  text += std::to_string(static_cast<int>(settings.client_certificates));
  for (const CertificatePtr& authority : settings.authorities)
    text += facts_of(authority.get()).fingerprint;
  for (const Identity& identity : identities)
    text += facts_of(identity.certificate.get()).fingerprint;
  Terms terms;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), terms.data());
  return terms;
}

}  // namespace

Faces::Faces(std::vector<Identity> identities, ServerSettings settings)
    : identities_(std::move(identities)), settings_(std::move(settings)) {}

std::expected<std::unique_ptr<const Faces>, std::string> Faces::make(
    std::vector<Identity> identities, ServerSettings settings) {
  std::unique_ptr<Faces> faces(new Faces(std::move(identities), std::move(settings)));
  if (auto built = faces->build(); !built) return std::unexpected(built.error());
  return faces;
}

std::expected<void, std::string> Faces::build() {
  auto first = face_of(members_for(""));
  if (!first) return std::unexpected(first.error());
  first_ = *first;
  for (const Identity& identity : identities_)
    for (const std::string& host : host_names(identity.certificate.get())) {
      auto face = face_of(members_for(host));
      if (!face) return std::unexpected(face.error());
      hosts_[host] = *face;
    }
  return {};
}

// An identity that has the very name goes before one with a wildcard for it; "" is no host, and
// every identity will do.
Faces::Members Faces::members_for(std::string_view host) const {
  Members members;
  std::vector<int> kinds;
  auto take = [&](auto&& fits) {
    for (std::size_t i = 0; i < identities_.size(); ++i) {
      const int kind = kind_of(identities_[i]);
      if (std::ranges::find(kinds, kind) != kinds.end() || !fits(identities_[i])) continue;
      members.push_back(i);
      kinds.push_back(kind);
    }
  };
  take([&](const Identity& identity) {
    const auto names = host_names(identity.certificate.get());
    return host.empty() || std::ranges::find(names, host) != names.end();
  });
  take([&](const Identity& identity) { return is_for_host(identity.certificate.get(), host); });
  std::ranges::sort(members);
  return members;
}

std::expected<SSL_CTX*, std::string> Faces::face_of(const Members& members) {
  SslContextPtr& face = faces_[members];
  if (face) return face.get();
  face.reset(SSL_CTX_new_ex(nullptr, prefer_ours(), TLS_server_method()));
  if (!face || !set_up(face.get(), members))
    return std::unexpected(library_fault("TLS could not be set up"));
  return face.get();
}

bool Faces::set_up(SSL_CTX* context, const Members& members) const {
  if (!set_protocol(context) || !set_clients(context) || !set_resumption(context)) return false;
  SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
  SSL_CTX_set_tlsext_servername_arg(context, const_cast<Faces*>(this));
  SSL_CTX_set_tlsext_status_cb(context, on_status_request);
  SSL_CTX_set_tlsext_status_arg(context, const_cast<Faces*>(this));
  return std::ranges::all_of(
      members, [&](std::size_t index) { return use_identity(context, identities_[index]); });
}

bool Faces::set_clients(SSL_CTX* context) const {
  switch (settings_.client_certificates) {
    case ClientCertificates::off:
      SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
      return true;
    case ClientCertificates::ask: SSL_CTX_set_verify(context, SSL_VERIFY_PEER, accept_any); break;
    case ClientCertificates::require:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      break;
  }
  SSL_CTX_set_verify_depth(context, kClientChainMax);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  return std::ranges::all_of(settings_.authorities, [&](const CertificatePtr& authority) {
    return X509_STORE_add_cert(store, authority.get()) == 1 &&
           SSL_CTX_add_client_CA(context, authority.get()) == 1;
  });
}

bool Faces::set_resumption(SSL_CTX* context) const {
  const Terms terms = terms_of(settings_, identities_);
  if (SSL_CTX_set_session_id_context(context, terms.data(), terms.size()) != 1) return false;
  SSL_CTX_set_timeout(context, settings_.ticket_life.seconds());
  if (settings_.tickets) settings_.tickets->attach(context);
  if (!settings_.resumption) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  // TLS 1.3 would send two, each a tenth of a handshake.
  return SSL_CTX_set_num_tickets(context, settings_.resumption ? 1 : 0) == 1;
}

SslContextPtr Faces::first() const noexcept {
  SSL_CTX_up_ref(first_);
  return SslContextPtr(first_);
}

SSL_CTX* Faces::find(std::string_view host) const noexcept {
  std::array<char, kHostBytesMax + 1> lowered;
  if (host.empty() || host.size() > kHostBytesMax) return nullptr;
  // One octet is left free in front, for the "*" of the pattern that the host may fall under.
  std::ranges::transform(host, lowered.begin() + 1, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const std::string_view name(lowered.data() + 1, host.size());
  if (const auto exact = hosts_.find(name); exact != hosts_.end()) return exact->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  lowered[dot] = '*';
  const auto wildcard = hosts_.find(std::string_view(&lowered[dot], name.size() - dot + 1));
  return wildcard == hosts_.end() ? nullptr : wildcard->second;
}

ByteView Faces::staple_of(const X509* certificate) const noexcept {
  for (const Identity& identity : identities_)
    if (identity.certificate.get() == certificate)
      // The library reads the same clock for tickets; a stale response is worse than none.
      return identity.staple.good_until > std::time(nullptr) ? ByteView(identity.staple.response)
                                                             : ByteView();
  return {};
}

}  // namespace sluice::tls
