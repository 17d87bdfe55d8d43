// The hosts that take the mail of a domain, as DNS has them (RFC 5321 5.1, RFC 7505). A pure
// function over DNS answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.h"
#include "engine/delivery/dane.h"
#include "engine/dns/answers.h"
#include "engine/web/sts_policy.h"

namespace sluice::delivery {

inline constexpr std::size_t kAddressesPerHost = 8;  // tried

struct MailHost {
  std::string name;
  std::uint32_t rank = 0;            // lower ones first; equal ones in random order
  std::vector<IpAddress> addresses;  // as the preference of a family has them
  DanePolicy dane;
  bool secure = false;  // its name comes from a validated answer, or is the domain itself
  std::shared_ptr<const web::StsPolicy> sts = nullptr;  // that holds for it; null: none
  std::uint16_t port = 0;                               // 0: the route's
};

struct MailHosts {
  std::vector<MailHost> hosts;  // by rank; empty: `status` says why
  std::string_view status;      // enhanced; a literal. "4…": a later attempt may fare better
  std::string detail;
  std::vector<std::string> bogus;  // hosts left out because nobody knows of their TLSA records
  Instant expires{};               // of the answers

  bool temporary() const noexcept { return status.starts_with('4'); }
};

struct MailHostRules {
  config::AddressFamily family = config::AddressFamily::ipv6_first;
  std::size_t hosts_max = 20;
  std::uint16_t port = 25;
  std::vector<std::string> own_names;   // a host of one of these names, lower case, is ourselves
  std::vector<Endpoint> own_endpoints;  // or with one of these
};

// Which hosts are ourselves, and which are tried.
MailHostRules mail_host_rules(const config::Config& config);

// The hosts of a route whose next hops have names, in their order; those of one hop as its mail
// hosts are ranked. What is wrong with them is the route's fault, no reason to return mail.
std::optional<MailHosts> find_next_hops(const std::vector<config::NextHop>& hops,
                                        const MailHostRules& rules, dns::AnswerTable& answers);

// Nothing: answers are missing. `domain` may be an address literal, "[192.0.2.1]".
std::optional<MailHosts> find_mail_hosts(std::string_view domain, const MailHostRules& rules,
                                         dns::AnswerTable& answers);

}  // namespace sluice::delivery
