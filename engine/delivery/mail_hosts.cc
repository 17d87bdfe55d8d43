#include "engine/delivery/mail_hosts.h"

#include <algorithm>

#include "engine/base/bytes.h"
#include "engine/dns/name.h"

namespace sluice::delivery {
namespace {

using config::AddressFamily;

MailHosts none(std::string_view status, std::string detail) {
  return {.status = status, .detail = std::move(detail)};
}

// RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]".
std::optional<IpAddress> address_literal(std::string_view domain) {
  if (!domain.starts_with('[') || !domain.ends_with(']')) return {};
  domain = domain.substr(1, domain.size() - 2);
  constexpr std::string_view kTag = "IPv6:";
  if (equals_ignoring_case(domain.substr(0, kTag.size()), kTag)) domain.remove_prefix(kTag.size());
  return IpAddress::parse(domain);
}

struct Addresses {
  std::vector<IpAddress> list;
  bool missing = false;
  std::string trouble;
};

// Both families are asked for even when one is not used: DANE looks at both.
Addresses addresses_of(std::string_view host, AddressFamily family, dns::AnswerTable& answers) {
  const bool v4_first = family == AddressFamily::ipv4_first || family == AddressFamily::ipv4_only;
  const dns::Type order[] = {v4_first ? dns::Type::a : dns::Type::aaaa,
                             v4_first ? dns::Type::aaaa : dns::Type::a};
  const bool both = family == AddressFamily::ipv4_first || family == AddressFamily::ipv6_first;
  Addresses found;
  for (const dns::Type type : order) {
    const dns::Answer* answer = answers.find(host, type);
    found.missing = found.missing || answer == nullptr;
    if (answer == nullptr || (type == order[1] && !both)) continue;
    if (answer->failed()) found.trouble = answer->trouble;
    found.list.insert(found.list.end(), answer->addresses.begin(), answer->addresses.end());
  }
  if (found.list.size() > kAddressesPerHost) found.list.resize(kAddressesPerHost);
  return found;
}

bool is_ourselves(const MailHost& host, const MailHostRules& rules) {
  const auto is_own = [&](const IpAddress& address) {
    return std::ranges::any_of(rules.own_endpoints, [&](const Endpoint& own) {
      return own.port == rules.port && own.address == address;
    });
  };
  return std::ranges::find(rules.own_names, host.name) != rules.own_names.end() ||
         std::ranges::any_of(host.addresses, is_own);
}

// The names and ranks, in order; the implicit MX when there is none.
struct Names {
  std::vector<MailHost> hosts;
  bool secure = false;
  bool implicit = false;
};

Names names_of(const std::string& domain, const dns::Answer& mx, std::size_t hosts_max) {
  Names names{.secure = mx.secure};
  for (const dns::MxRecord& record : mx.exchanges) {
    const auto name = dns::normal_name(record.exchange);
    if (name && !name->empty()) names.hosts.push_back({*name, record.preference, {}, {}, {}});
  }
  if (mx.exchanges.empty()) {
    names.hosts.push_back({domain, 0, {}, {}, {}});
    names.implicit = true;
  }
  std::ranges::stable_sort(names.hosts, {}, &MailHost::rank);
  if (names.hosts.size() > hosts_max) names.hosts.resize(hosts_max);
  return names;
}

// RFC 5321 5.1: this host and all that are not preferred to it are no way forward.
bool cut_behind_ourselves(std::vector<MailHost>& hosts, const MailHostRules& rules) {
  const auto own =
      std::ranges::find_if(hosts, [&](const MailHost& host) { return is_ourselves(host, rules); });
  if (own == hosts.end()) return false;
  const std::uint32_t rank = own->rank;
  std::erase_if(hosts, [rank](const MailHost& host) { return host.rank >= rank; });
  return true;
}

// Addresses and TLSA records of each; false when answers are missing.
bool fill(Names& names, const MailHostRules& rules, dns::AnswerTable& answers,
          std::string& trouble) {
  bool complete = true;
  for (MailHost& host : names.hosts) {
    Addresses found = addresses_of(host.name, rules.family, answers);
    if (!found.trouble.empty()) trouble = host.name + ": " + found.trouble;
    host.addresses = std::move(found.list);
    host.secure = names.secure || names.implicit;
    const auto dane = find_dane_policy(host.name, rules.port, names.secure, answers);
    complete = complete && !found.missing && dane.has_value();
    if (dane) host.dane = *dane;
  }
  return complete;
}

MailHosts choose(const std::string& domain, Names names, const MailHostRules& rules,
                 std::string trouble) {
  const bool looped = cut_behind_ourselves(names.hosts, rules);
  std::vector<std::string> bogus;
  for (const MailHost& host : names.hosts) {
    if (host.dane.state != DanePolicy::State::failed) continue;
    trouble = host.name + ": TLSA: " + host.dane.trouble;
    bogus.push_back(host.name);
  }
  std::erase_if(names.hosts, [](const MailHost& host) {
    return host.addresses.empty() || host.dane.state == DanePolicy::State::failed;
  });
  if (!names.hosts.empty()) return {.hosts = std::move(names.hosts), .bogus = std::move(bogus)};
  if (!trouble.empty())
    return {.status = "4.4.3", .detail = "DNS: " + trouble, .bogus = std::move(bogus)};
  if (looped) return none("5.4.6", "mail for " + domain + " loops back to this host");
  if (names.implicit) return none("5.1.2", domain + " has neither a mail host nor an address");
  return none("5.4.4", "no mail host of " + domain + " has an address");
}

// One host by its name, whatever its MX.
std::optional<MailHosts> find_host(std::string_view host, const MailHostRules& rules,
                                   dns::AnswerTable& answers) {
  const std::string name = dns::normal_name(host).value_or("");
  Names names{.hosts = {{name, 0, {}, {}, {}}}, .secure = true, .implicit = true};
  std::string trouble;
  if (!fill(names, rules, answers, trouble)) return {};
  return choose(name, std::move(names), rules, std::move(trouble));
}

std::optional<MailHosts> find_hop(const config::NextHop& hop, const MailHostRules& rules,
                                  dns::AnswerTable& answers) {
  switch (hop.kind) {
    case config::NextHop::Kind::domain: return find_mail_hosts(hop.name, rules, answers);
    case config::NextHop::Kind::host: return find_host(hop.name, rules, answers);
    default:
      return MailHosts{
          .hosts = {{hop.endpoint.address.text(), 0, {hop.endpoint.address}, {}, true}}};
  }
}

}  // namespace

std::optional<MailHosts> find_next_hops(const std::vector<config::NextHop>& hops,
                                        const MailHostRules& rules, dns::AnswerTable& answers) {
  MailHosts all{.status = "4.4.4"};
  bool complete = true;
  for (std::uint32_t place = 0; place < hops.size(); ++place) {
    MailHostRules own = rules;
    own.port = hops[place].endpoint.port;
    auto found = find_hop(hops[place], own, answers);
    complete = complete && found.has_value();
    if (!found) continue;
    if (!found->detail.empty())
      all.detail = "next hop " + hops[place].text() + ": " + found->detail;
    for (MailHost& host : found->hosts) {
      host.rank = place << 16 | host.rank;
      host.port = own.port;
      all.hosts.push_back(std::move(host));
    }
  }
  if (!complete) return {};
  std::ranges::stable_sort(all.hosts, {}, &MailHost::rank);
  all.expires = answers.expires();
  return all;
}

MailHostRules mail_host_rules(const config::Config& config) {
  MailHostRules rules{.family = config.delivery.address_family,
                      .hosts_max = config.delivery.mx_hosts_max};
  rules.own_names.push_back(dns::normal_name(config.hostname).value_or(""));
  for (const config::Listener& listener : config.listeners) {
    rules.own_names.push_back(dns::normal_name(listener.hostname).value_or(""));
    if (!listener.address.is_unspecified())
      rules.own_endpoints.push_back({listener.address, listener.tcp_port});
    for (const config::Port& port : config.ports)
      if (port.name == listener.port_name)
        for (const Prefix& own : port.addresses)
          rules.own_endpoints.push_back({own.address, listener.tcp_port});
  }
  return rules;
}

std::optional<MailHosts> find_mail_hosts(std::string_view domain, const MailHostRules& rules,
                                         dns::AnswerTable& answers) {
  if (const auto address = address_literal(domain)) {
    MailHosts literal{.hosts = {{std::string(domain), 0, {*address}, {}, true}}};
    literal.expires = Instant::never();
    return literal;
  }
  const auto name = dns::normal_name(domain);
  if (!name || name->empty())
    return none("5.1.2", std::string(domain) + " is no domain that could be looked up");
  const dns::Answer* mx = answers.find(*name, dns::Type::mx);
  if (mx == nullptr) return {};
  MailHosts result;
  if (mx->failed()) {
    result = none("4.4.3", "DNS: " + *name + " MX: " + mx->trouble);
  } else if (mx->status == dns::Answer::Status::no_name) {
    result = none("5.1.2", "domain " + *name + " does not exist");
  } else if (mx->exchanges.size() == 1 && mx->exchanges[0].exchange.empty()) {
    result = none("5.1.10", "domain " + *name + " does not accept mail (null MX)");  // RFC 7505 4.1
  } else {
    Names names = names_of(*name, *mx, rules.hosts_max);
    std::string trouble;
    if (!fill(names, rules, answers, trouble)) return {};
    result = choose(*name, std::move(names), rules, std::move(trouble));
  }
  result.expires = answers.expires();
  return result;
}

}  // namespace sluice::delivery
