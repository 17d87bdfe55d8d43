// How the next hops of a domain are looked up, and what is done when there are none.
#include <algorithm>
#include <utility>

#include "engine/delivery/dispatcher.h"
#include "engine/delivery/sts.h"
#include "engine/dns/name.h"
#include "engine/web/tlsrpt_record.h"

namespace sluice::delivery {
namespace {

constexpr Duration kHostsKeptAtLeast = seconds(5);  // however short the TTL
constexpr Duration kHostsKeptAtMost = hours(1);

struct Found {
  MailHosts hosts;
  web::StsQuery policy;              // its domain is empty: nobody is asked
  std::vector<std::string> reports;  // who wants reports on TLS
};

struct Wishes {
  bool policy = false;
  bool reports = false;
};

// All is asked for side by side.
std::optional<Found> find_all(const Destination& destination, Wishes wishes,
                              const MailHostRules& rules, dns::AnswerTable& answers) {
  const std::string_view domain = destination.name();
  if (!destination.named_hops().empty()) {  // policies are of recipients' domains
    auto hosts = find_next_hops(destination.named_hops(), rules, answers);
    return hosts ? std::optional(Found{std::move(*hosts), {}, {}}) : std::nullopt;
  }
  auto hosts = find_mail_hosts(domain, rules, answers);
  const auto name = domain.starts_with('[') ? std::nullopt : dns::normal_name(domain);
  auto policy = name && wishes.policy ? web::find_sts_query(*name, answers) : web::StsQuery();
  auto reports =
      name && wishes.reports ? web::find_report_uris(*name, answers) : std::vector<std::string>();
  if (!hosts || !policy || !reports) return {};
  return Found{std::move(*hosts), std::move(*policy), std::move(*reports)};
}

}  // namespace

// True when the next hops are known; else they have been asked for, or there are none.
bool Dispatcher::find_hosts(Destination& destination) {
  if (now_ < destination.hosts_until()) return true;
  return !destination.inquiry.waits() && !destination.awaits_policy && look_up(destination);
}

bool Dispatcher::look_up(Destination& destination) {
  if (destination.inquiry_id == 0) destination.inquiry_id = ++inquiries_;
  const Wishes wishes{.policy = house_.policies != nullptr && destination.rule().heeds_sts,
                      .reports = !config_->tlsrpt.contact.empty()};
  const auto logic = [&](dns::AnswerTable& answers) {
    return find_all(destination, wishes, host_rules_, answers);
  };
  host_rules_.port = destination.mx_port();
  const dns::Token token{kDnsAsker, destination.inquiry_id};
  auto found = destination.inquiry.run(logic, *house_.resolver, token, now_);
  if (!found) {
    inquiring_[destination.inquiry_id] = &destination;
    return false;
  }
  destination.inquiry.clear();
  destination.reports_to = std::move(found->reports);
  MailHosts& hosts = found->hosts;
  if (hosts.hosts.empty()) count_look_up(destination, hosts, {}, {});
  if (hosts.hosts.empty()) return no_hosts(destination, hosts.status, std::move(hosts.detail));
  if (!found->policy.domain.empty())
    return ask_policy(destination, std::move(hosts), std::move(found->policy));
  return take_hosts(destination, std::move(hosts), {});
}

bool Dispatcher::no_hosts(Destination& destination, std::string_view status, std::string detail) {
  destination.last_status = status;
  destination.last_trouble = std::move(detail);
  defer_waiting(destination);
  return false;
}

// Without an answer nothing is sent: it may be that it must not be sent in the clear.
bool Dispatcher::ask_policy(Destination& destination, MailHosts found, web::StsQuery query) {
  if (!house_.policies->ask({destination.inquiry_id, std::move(query)}))
    return no_hosts(destination, "4.4.3", "MTA-STS: too many policies are asked for at once");
  destination.found = std::move(found);
  destination.awaits_policy = true;
  inquiring_[destination.inquiry_id] = &destination;
  return false;
}

void Dispatcher::on_policy(const web::StsAnswer& answer, Instant now, WallTime wall) noexcept {
  enter(now, wall);
  const auto found = inquiring_.find(answer.token);
  if (found == inquiring_.end() || !found->second->awaits_policy) return;  // retired meanwhile
  Destination& destination = *found->second;
  inquiring_.erase(found);
  destination.awaits_policy = false;
  if (take_hosts(destination, std::exchange(destination.found, {}), answer.state))
    attend(destination);
}

bool Dispatcher::take_hosts(Destination& destination, MailHosts found,
                            const web::StsState& policy) {
  for (const MailHost& host : found.hosts) {
    if (host.dane.state == DanePolicy::State::none) continue;
    house_.events->emit({.kind = mail::EventKind::delivery_dane,
                         .text = {destination.name(), host.name, describe(host.dane.state)}});
  }
  std::vector<std::string> refused;
  for (const StsNote& note : apply_sts(found, destination.name(), policy)) {
    if (note.refused) refused.push_back(note.host);
    house_.events->emit({.kind = mail::EventKind::delivery_sts,
                         .text = {destination.name(), note.host, note.said}});
  }
  count_look_up(destination, found, policy, refused);
  if (destination.rule().requiretls && !found.hosts.empty())
    keep_secure_hosts(found, destination.name(), policy);
  if (found.hosts.empty()) return no_hosts(destination, found.status, std::move(found.detail));
  const Instant until =
      std::clamp(found.expires, now_ + kHostsKeptAtLeast, now_ + kHostsKeptAtMost);
  destination.set_hosts(found, until, random_);
  return true;
}

void Dispatcher::on_answer(const dns::Resolver::Done& done, Instant now, WallTime wall) noexcept {
  enter(now, wall);
  const auto found = inquiring_.find(done.token.id);
  if (found == inquiring_.end()) return;  // retired meanwhile
  Destination& destination = *found->second;
  if (!destination.inquiry.answered(done)) return;
  inquiring_.erase(found);
  attend(destination);
}

}  // namespace sluice::delivery
