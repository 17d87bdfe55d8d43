#include "engine/config/tls_keys.h"

#include "engine/config/kinds.h"

namespace sluice::config {

std::vector<Key<TlsSettings>> tls_keys() {
  return {
      {"store", text(&TlsSettings::store, "a path", empty_fault),
       "directory that `sluice certconfig` keeps certificates and keys in"},
      {"expiry_warning", duration(&TlsSettings::expiry_warning, {}, hours(24 * 365)),
       "time before its end at which a certificate is warned about"},
      {"core_dumps", boolean(&TlsSettings::core_dumps),
       "whether the engine may leave core dumps when there is TLS: they hold private keys"},
      {"ticket_rotation", duration(&TlsSettings::ticket_rotation, {}, hours(24 * 7)),
       "age at which the key of session tickets is replaced; a ticket is good for as long, "
       "RFC 8446 section 4.6.1; 0 = no tickets"},
  };
}

std::vector<Key<Listener>> listener_tls_keys() {
  return {
      {"tls",
       choice(&Listener::tls, {{"off", Tls::off},
                               {"preferred", Tls::preferred},
                               {"required", Tls::required},
                               {"implicit", Tls::implicit}}),
       "STARTTLS not offered, offered, demanded before MAIL; or TLS from the first octet"},
      {"tls_off_from", parsed_list(&Listener::tls_off_from, Least::none, kPrefixes),
       "sources that STARTTLS is not offered to"},
      {"tls_preferred_from", parsed_list(&Listener::tls_preferred_from, Least::none, kPrefixes),
       "sources that STARTTLS is offered to"},
      {"tls_required_from", parsed_list(&Listener::tls_required_from, Least::none, kPrefixes),
       "sources that must use STARTTLS; of all three lists the longest prefix decides"},
      {"certificates", texts(&Listener::certificates, "names of certificates", name_fault),
       "what the listener shows, by host name and kind of key (ECDSA, RSA); empty = what `sluice "
       "certconfig assign` says, at first a self-signed one"},
      {"client_certificates",
       choice(&Listener::client_certificates, {{"off", ClientCertificates::off},
                                               {"ask", ClientCertificates::ask},
                                               {"require", ClientCertificates::require}}),
       "whether clients are asked for a certificate, and must have one of an issuer in the CA "
       "store"},
  };
}

}  // namespace sluice::config
