#include "engine/control/listener_tls.h"

#include <algorithm>

#include "tls/ocsp.h"

namespace sluice::control {
namespace {

using config::Certificate;

std::expected<tls::Identity, std::string> load(const Certificate& certificate) {
  auto identity = tls::load_identity(certificate.file, certificate.key);
  if (!identity || certificate.ocsp.empty()) return identity;
  auto staple = tls::load_staple(certificate.ocsp, *identity);
  if (!staple) return std::unexpected(staple.error());
  identity->staple = std::move(*staple);
  return identity;
}

}  // namespace

std::expected<std::shared_ptr<const tls::Context>, std::string> listener_tls(
    const config::Config& config, const config::Listener& listener,
    std::shared_ptr<const tls::TicketKeys> tickets) {
  const bool some = !listener.tls_preferred_from.empty() || !listener.tls_required_from.empty();
  if (listener.tls == config::Tls::off && !some) return nullptr;
  const std::string where = "listener \"" + listener.name + "\": ";
  std::vector<tls::Identity> identities;
  for (const std::string& name : listener.certificates) {
    const auto named = std::ranges::find(config.certificates, name, &Certificate::name);
    auto identity = load(*named);  // the configuration was checked: it is there
    if (!identity) return std::unexpected(where + identity.error());
    identities.push_back(std::move(*identity));
  }
  auto context =
      tls::Context::server(std::move(identities), {.name = listener.name,
                                                   .resumption = config.tls.ticket_rotation.ns > 0,
                                                   .tickets = std::move(tickets),
                                                   .ticket_life = config.tls.ticket_rotation});
  if (!context) return std::unexpected(where + context.error());
  return context;
}

}  // namespace sluice::control
