#include "engine/config/sts_keys.h"

#include "engine/config/kinds.h"

namespace sluice::config {
namespace {

std::string_view any(std::string_view) { return {}; }

std::string_view contact_fault(std::string_view text) {
  if (text.empty()) return {};
  return text.find('@') == std::string_view::npos ? "has no domain" : mailbox_fault(text);
}

std::string_view printable_fault(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return "is not printable";
  return {};
}

}  // namespace

std::vector<Key<MtaSts>> mta_sts_keys() {
  return {
      {"enabled", boolean(&MtaSts::enabled),
       "heed the MTA-STS policies of domains whose hosts DNS names, RFC 8461; where there are "
       "TLSA records, DANE decides"},
      {"timeout", duration(&MtaSts::timeout, seconds(1), minutes(10)),
       "longest time for the fetch of a policy; mail for the domain waits that long"},
      {"policy_bytes_max", size(&MtaSts::policy_bytes_max, 1024, 1024UL * 1024),
       "largest policy that is read"},
      {"max_age_max", duration(&MtaSts::max_age_max, hours(1), hours(24 * 366)),
       "longest time that a policy is kept, whatever its max_age"},
      {"refresh", duration(&MtaSts::refresh, minutes(1), hours(24 * 30)),
       "age at which a policy is fetched again although its id is the same"},
      {"retry", duration(&MtaSts::retry, seconds(1), hours(24)),
       "time after a failed fetch before the next one; what is known holds meanwhile"},
      {"policies_max", integer(&MtaSts::policies_max, 16, 1'000'000),
       "domains whose policies are kept, in memory and in queue.directory/mta_sts"},
      {"memory_max", size(&MtaSts::memory_max, 1024UL * 1024, 4UL * 1024 * 1024 * 1024),
       "memory of all policies that are kept; beyond it those go that expire first"},
      {"fetches_max", integer(&MtaSts::fetches_max, 1, 1'000), "fetches at once; others wait"},
      {"port", integer(&MtaSts::port, 1, 65'535), "TCP port of policy servers"},
      {"ca_file", text(&MtaSts::ca_file, "a path, or \"\" for the system's", any),
       "authorities of policy servers, PEM"},
      {"private_addresses", boolean(&MtaSts::private_addresses),
       "fetch policies from loopback, private and other addresses that are not for everybody, too"},
  };
}

std::vector<Key<TlsReports>> tlsrpt_keys() {
  return {
      {"contact", text(&TlsReports::contact, "a mailbox, or \"\" for no reports", contact_fault),
       "whom domains may ask about the reports on TLS that they want (RFC 8460), and the sender; "
       "without it nothing is counted"},
      {"organization",
       text(&TlsReports::organization, "a name, or \"\" for the host name", printable_fault),
       "who reports"},
      {"domains_max", integer(&TlsReports::domains_max, 1, 100'000),
       "domains that are counted at once, of those that want reports; further ones get none"},
      {"delay_max", duration(&TlsReports::delay_max, {}, hours(23)),
       "longest time after midnight UTC before a day is reported; a random part of it is waited"},
      {"timeout", duration(&TlsReports::timeout, seconds(1), minutes(10)),
       "longest time for a report by HTTPS; what fails is tried again for a day"},
      {"ca_file", text(&TlsReports::ca_file, "a path, or \"\" for the system's", any),
       "authorities of servers that take reports by HTTPS, PEM"},
      {"private_addresses", boolean(&TlsReports::private_addresses),
       "post reports to loopback, private and other addresses that are not for everybody, too"},
  };
}

}  // namespace sluice::config
