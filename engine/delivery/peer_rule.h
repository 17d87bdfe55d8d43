// What the TLS of a delivery must be: the [[destination]] that the recipient's domain falls under,
// and what the message itself wants. Recipients with the same rule may share connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.h"
#include "engine/delivery/delivery.h"
#include "engine/mail/envelope.h"
#include "tls/peer_policy.h"

namespace sluice::delivery {

// RFC 8689: as configured; REQUIRETLS; "TLS-Required: No".
enum class TlsWish : std::uint8_t { configured, required, optional };
TlsWish tls_wish(const mail::SenderParameters& parameters) noexcept;

// "required-verify": as the configuration has it.
std::string_view level_name(config::PeerTls level) noexcept;

// Index into `destinations`, by the same patterns as routes.
std::optional<std::size_t> find_destination(const std::vector<config::Destination>& destinations,
                                            std::string_view domain) noexcept;

// Does the certificate have to name the recipient's domain itself? Then a rule is for one domain.
bool names_domain(const config::Config& config, std::optional<std::size_t> entry,
                  TlsWish wish) noexcept;

struct PeerRule {
  tls::PeerPolicy policy;   // its context is set unless the level is none
  bool implicit = false;    // TLS before the greeting
  bool requiretls = false;  // the peer must offer REQUIRETLS (RFC 8689 4.2.1)
  bool heeds_dane = true;   // what DNS says of the peers counts
  bool heeds_sts = true;    // and what the policy of their domain says (RFC 8461)
  std::string domain;       // that the rule is for alone, since its certificate must name it
};

// `entry` as find_destination() has it; without one the defaults.
PeerRule peer_rule(const config::Config& config, const ClientContexts& contexts,
                   std::optional<std::size_t> entry, std::string_view domain, TlsWish wish);

}  // namespace sluice::delivery
