#include "tls/context.h"

#include "tls/failure.h"
#include "tls/key_schedule.h"
#include "tls/protocol.h"
#include "tls/server_faces.h"

namespace sluice::tls {
namespace {

bool set_trust(SSL_CTX* context, const TrustSettings& trust) {
  const bool verify = trust.peer != PeerCertificate::ignore;
  SSL_CTX_set_verify(context, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (trust.ca_file.empty()) return SSL_CTX_set_default_verify_paths(context) == 1;
  return SSL_CTX_load_verify_file(context, trust.ca_file.c_str()) == 1;
}

}  // namespace

Context::Context(SslContextPtr context) : context_(std::move(context)) {}
Context::Context(SslContextPtr context, std::unique_ptr<const Faces> faces)
    : faces_(std::move(faces)), context_(std::move(context)) {}
Context::~Context() = default;

std::expected<std::shared_ptr<const Context>, std::string> Context::server(
    std::vector<Identity> identities, ServerSettings settings) {
  clear_errors();
  auto faces = Faces::make(std::move(identities), std::move(settings));
  if (!faces) return std::unexpected(faces.error());
  SslContextPtr first = (*faces)->first();
  return std::shared_ptr<const Context>(new Context(std::move(first), std::move(*faces)));
}

std::expected<std::shared_ptr<const Context>, std::string> Context::client(
    const TrustSettings& trust, const Identity* own) {
  clear_errors();
  SslContextPtr context(SSL_CTX_new_ex(nullptr, prefer_ours(), TLS_client_method()));
  if (!context || !set_protocol(context.get()))
    return std::unexpected(library_fault("TLS could not be set up"));
  if (!set_trust(context.get(), trust))
    return std::unexpected(library_fault("CA file " + trust.ca_file));
  if (own && !use_identity(context.get(), *own))
    return std::unexpected(library_fault("a certificate could not be used"));
  if (SSL_CTX_dane_enable(context.get()) != 1)
    return std::unexpected(library_fault("DANE could not be set up"));
  return std::shared_ptr<const Context>(new Context(std::move(context)));
}

}  // namespace sluice::tls
