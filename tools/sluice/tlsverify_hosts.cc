#include "tools/sluice/tlsverify_hosts.h"

#include <algorithm>

#include "engine/delivery/destination.h"
#include "engine/delivery/mail_hosts.h"
#include "engine/delivery/sts.h"
#include "engine/dns/name.h"
#include "engine/web/sts_fetch.h"
#include "tools/sluice/dns_client.h"

namespace sluice::tools {
namespace {

using delivery::MailHosts;

struct Found {
  MailHosts hosts;
  web::StsQuery policy;
};

std::optional<Found> find_all(const config::Route& route, const std::string& domain,
                              bool with_policy, const delivery::MailHostRules& rules,
                              dns::AnswerTable& answers) {
  if (!route.next_hops.empty()) {
    auto hosts = delivery::find_next_hops(route.next_hops, rules, answers);
    return hosts ? std::optional(Found{std::move(*hosts), {}}) : std::nullopt;
  }
  auto hosts = delivery::find_mail_hosts(domain, rules, answers);
  auto policy = with_policy ? web::find_sts_query(domain, answers) : web::StsQuery();
  if (!hosts || !policy) return {};
  return Found{std::move(*hosts), std::move(*policy)};
}

web::StsState fetch(const config::MtaSts& settings, const web::StsQuery& query) {
  if (query.id.empty()) return {};
  SystemClock clock;
  web::Https https;
  https.start(1,
              web::sts_request(query, {settings.port, settings.timeout, settings.policy_bytes_max,
                                       settings.ca_file, settings.private_addresses}));
  for (const Instant until = clock.now() + settings.timeout; clock.now() < until;) {
    for (web::Https::Done& done : https.poll()) return web::sts_state(done.result, query.id);
    https.wait(seconds(1));
  }
  return {.fault = web::StsFault::fetch, .trouble = "not fetched: no answer in time"};
}

// What the engine's log would say.
std::string decided_by(const delivery::MailHost& host) {
  if (host.dane.state != delivery::DanePolicy::State::none)
    return "DANE: " + std::string(describe(host.dane.state));
  if (host.sts == nullptr) return "";
  return "MTA-STS: policy " + std::string(name_of(host.sts->mode)) + " id " + host.sts->id;
}

}  // namespace

std::expected<VerifyHosts, std::string> find_verify_hosts(const config::Config& config,
                                                          const VerifyOptions& options,
                                                          const config::Route& route,
                                                          const delivery::PeerRule& rule) {
  const auto domain = dns::normal_name(options.name);
  if (!domain || domain->empty()) return std::unexpected(options.name + " is no domain");
  auto dns = DnsClient::create(config, options.resolver);
  if (!dns) return std::unexpected(dns.error());
  delivery::MailHostRules rules = delivery::mail_host_rules(config);
  rules.port = route.mx_port;
  auto found = (*dns)->run([&](dns::AnswerTable& answers) {
    return find_all(route, *domain, rule.heeds_sts, rules, answers);
  });
  if (!found) return std::unexpected("no DNS server has answered");
  VerifyHosts result{.fault = found->hosts.detail};
  if (found->hosts.hosts.empty()) return result;
  for (const delivery::StsNote& note :
       apply_sts(found->hosts, *domain, fetch(config.mta_sts, found->policy)))
    result.notes.push_back("MTA-STS: " + (note.host.empty() ? "" : "host " + note.host + ": ") +
                           note.said);
  result.fault = found->hosts.detail;
  Random random(1);
  delivery::Destination destination(route, *domain, rule);
  destination.set_hosts(found->hosts, Instant::never(), random);
  for (std::size_t i = 0; i < destination.hops(); ++i) {
    const std::string& name = destination.reported(i).host;
    const auto host = std::ranges::find(found->hosts.hosts, name, &delivery::MailHost::name);
    result.hosts.push_back({name, destination.hop(i), decided_by(*host), destination.policy(i)});
  }
  return result;
}

std::expected<std::vector<std::string>, std::string> mx_hosts(const config::Config& config,
                                                              const std::string& domain,
                                                              const std::string& resolver) {
  auto dns = DnsClient::create(config, resolver);
  if (!dns) return std::unexpected(dns.error());
  const auto answer = (*dns)->run([&](dns::AnswerTable& answers) -> std::optional<dns::Answer> {
    const dns::Answer* mx = answers.find(domain, dns::Type::mx);
    return mx == nullptr ? std::nullopt : std::optional(*mx);
  });
  if (!answer) return std::unexpected(domain + ": no DNS server has answered");
  if (answer->failed()) return std::unexpected(domain + ": " + answer->trouble);
  if (answer->status == dns::Answer::Status::no_name)
    return std::unexpected(domain + ": there is no such domain");
  auto exchanges = answer->exchanges;
  std::ranges::stable_sort(exchanges, {}, &dns::MxRecord::preference);
  std::vector<std::string> hosts;
  for (dns::MxRecord& record : exchanges) hosts.push_back(std::move(record.exchange));
  return hosts.empty() ? std::vector{domain} : hosts;
}

}  // namespace sluice::tools
