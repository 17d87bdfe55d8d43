#include "engine/control/client_tls.h"

#include <algorithm>
#include <optional>

#include "engine/control/credentials.h"
#include "engine/control/secret_file.h"
#include "tls/identity.h"

namespace sluice::control {
namespace {

std::expected<std::shared_ptr<const tls::Context>, std::string> destination_tls(
    const config::Config& config, const config::Destination& destination) {
  const std::string where = "destination \"" + destination.domain + "\": ";
  std::optional<tls::Identity> own;
  const auto named =
      std::ranges::find(config.certificates, destination.certificate, &config::Certificate::name);
  if (named != config.certificates.end()) {
    auto identity = tls::load_identity(named->file, named->key);
    if (!identity) return std::unexpected(where + identity.error());
    own = std::move(*identity);
  }
  auto context = tls::Context::client({.ca_file = destination.ca_file}, own ? &*own : nullptr);
  if (!context) return std::unexpected(where + context.error());
  return context;
}

}  // namespace

// Destinations without files of their own share one context.
std::expected<delivery::ClientContexts, std::string> client_tls(const config::Config& config) {
  delivery::ClientContexts contexts;
  auto usual = tls::Context::client({});
  if (!usual) return std::unexpected(usual.error());
  contexts.usual = std::move(*usual);
  for (const config::Destination& destination : config.destinations) {
    contexts.destinations.push_back(contexts.usual);
    if (destination.ca_file.empty() && destination.certificate.empty()) continue;
    auto own = destination_tls(config, destination);
    if (!own) return std::unexpected(std::move(own.error()));
    contexts.destinations.back() = std::move(*own);
  }
  for (const config::Route& route : config.routes) {
    contexts.credentials.emplace_back();
    if (route.credentials.empty()) continue;
    auto read = read_credentials(route.credentials);
    if (!read) return std::unexpected("route \"" + route.domain + "\": " + read.error());
    contexts.credentials.back() = std::move(*read);
  }
  if (config.bounce_verification.keys.empty()) return contexts;
  const std::string& file = config.bounce_verification.keys;
  const auto keys = read_secret_file(file);
  if (!keys) return std::unexpected("bounce_verification: " + keys.error());
  auto tags = policy::BounceTags::parse(*keys);
  if (!tags) return std::unexpected("bounce_verification: " + file + ": " + tags.error());
  contexts.bounce_tags = std::make_shared<const policy::BounceTags>(std::move(*tags));
  return contexts;
}

}  // namespace sluice::control
