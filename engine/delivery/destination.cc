#include "engine/delivery/destination.h"

#include <algorithm>
#include <utility>

#include "engine/delivery/sts.h"

namespace sluice::delivery {

namespace {

// RFC 8461 4.2: the certificate must be for the host itself. Names that the operator has given
// stand in its place.
void tighten(tls::PeerPolicy& policy, const PeerRule& rule, const MailHost& host) {
  const bool own_names = !rule.policy.server_name.empty() && rule.domain.empty();
  if (host.sts->mode == web::StsPolicy::Mode::testing) {
    policy.audit = true;
    return;
  }
  policy.level = tls::Level::required_verify;
  if (own_names) return;
  policy.server_name = host.name;
  policy.names.clear();
}

// RFC 7672 2.2: records that must match, or TLS without proof where none can be used. Whoever has
// switched TLS off, or has asked for delivery whatever becomes of TLS (RFC 8689 5), has decided.
tls::PeerPolicy policy_for(const PeerRule& rule, const MailHost& host) {
  tls::PeerPolicy policy = rule.policy;
  const bool verified_names = !policy.server_name.empty();
  if (!verified_names) {
    policy.server_name = host.name;
  } else if (!rule.domain.empty()) {  // no names are configured: the MX or the domain
    policy.names.push_back(std::exchange(policy.server_name, host.name));
  }
  if (!rule.heeds_dane || policy.level == tls::Level::none) return policy;
  if (host.dane.state == DanePolicy::State::usable) {
    policy.level = tls::Level::required_verify;
    policy.server_name = host.dane.base_domain;
    policy.names = {host.name, rule.domain};
    std::erase(policy.names, std::string());
    policy.tlsa = host.dane.records;
  } else if (host.dane.state == DanePolicy::State::unusable && !tls::demands_tls(policy.level)) {
    policy.level = tls::Level::required;
  }
  if (host.sts != nullptr && rule.heeds_sts) tighten(policy, rule, host);
  return policy;
}

HopReport report_of(const MailHost& host) {
  TlsPolicy policy = sts_policy(host.sts.get());
  if (host.dane.state != DanePolicy::State::none) policy = dane_policy(host.dane);
  HopReport report{.host = host.name,
                   .policy = std::make_shared<const TlsPolicy>(std::move(policy))};
  report.listed = host.sts == nullptr || host.sts->allows(host.name);
  report.unusable = host.dane.state == DanePolicy::State::unusable;
  return report;
}

}  // namespace

Destination::Destination(const config::Route& route, std::string name, PeerRule rule,
                         smtp::Credentials credentials)
    : name_(name.empty() ? route.domain : std::move(name)),
      via_(route.via),
      rule_(std::move(rule)),
      lmtp_(route.protocol == config::HopProtocol::lmtp),
      credentials_(std::move(credentials)),
      looks_up_(config::looks_up(route)),
      mx_port_(route.mx_port) {
  if (looks_up_) {
    named_hops_ = route.next_hops;
    return;
  }
  hosts_until_ = Instant::never();
  for (const config::NextHop& hop : route.next_hops) {
    order_.push_back(hops_.size());
    hops_.push_back({hop.endpoint, 0, {}, rule_.policy, {}, {}});
    if (hop.kind != config::NextHop::Kind::socket) continue;
    hops_.back().socket = hop.name;
    hops_.back().policy.level = tls::Level::none;  // nobody can listen in
  }
}

void Destination::set_hosts(const MailHosts& found, Instant until, Random& random) {
  hosts_until_ = until;
  if (hops_.size() > kHopsMax) return;  // until its connections have gone, those known will do
  order_.clear();
  std::vector<const MailHost*> hosts;
  for (const MailHost& host : found.hosts) hosts.push_back(&host);
  // Equal ranks in random order (RFC 5321 5.1): each takes its turn against a later one.
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    std::size_t equal = i + 1;
    while (equal < hosts.size() && hosts[equal]->rank == hosts[i]->rank) ++equal;
    std::swap(hosts[i], hosts[i + random.below(equal - i)]);
  }
  std::vector<NextHop> before;
  if (connections == 0) before = std::exchange(hops_, {});
  for (const MailHost* host : hosts)
    for (const IpAddress& address : host->addresses) {
      const std::uint16_t port = host->port != 0 ? host->port : mx_port_;
      NextHop hop{{address, port}, 0, {}, policy_for(rule_, *host), report_of(*host), {}};
      for (const NextHop& old : before)
        if (old.endpoint == hop.endpoint) {
          hop.failures = old.failures;
          hop.down_until = old.down_until;
        }
      order_.push_back(place(std::move(hop)));
    }
}

// Where connections are open, a hop that is there already keeps its place and its health.
std::size_t Destination::place(NextHop hop) {
  for (std::size_t i = 0; connections > 0 && i < hops_.size(); ++i)
    if (hops_[i].endpoint == hop.endpoint) {
      hops_[i].policy = std::move(hop.policy);
      hops_[i].report = std::move(hop.report);
      return i;
    }
  hops_.push_back(std::move(hop));
  return hops_.size() - 1;
}

void Destination::enqueue(Job& job) noexcept {
  waiting_.push_back(job);
  ++waiting_count_;
}

void Destination::enqueue_first(Job& job) noexcept {
  waiting_.push_front(job);
  ++waiting_count_;
}

Job* Destination::next_job() noexcept {
  Job* job = waiting_.pop_front();
  if (job != nullptr) --waiting_count_;
  return job;
}

std::optional<std::size_t> Destination::pick_hop(Instant now) const noexcept {
  for (const std::size_t index : order_)
    if (hops_[index].down_until <= now) return index;
  return {};
}

void Destination::hop_failed(std::size_t index, Instant now, Duration first,
                             Duration max) noexcept {
  NextHop& hop = hops_[index];
  Duration back_off = std::min(first, max);
  for (std::uint32_t i = 0; i < hop.failures && back_off < max; ++i)
    back_off = std::min(back_off * 2, max);
  ++hop.failures;
  hop.down_until = now + back_off;
}

void Destination::hop_works(std::size_t index) noexcept {
  hops_[index].failures = 0;
  hops_[index].down_until = {};
}

DestinationStatus Destination::status() const {
  const bool down = !order_.empty() && std::ranges::all_of(order_, [this](std::size_t index) {
    return hops_[index].failures > 0;
  });
  return {name_,        active_recipients, connections, delivered_recipients,
          soft_bounced, hard_bounced,      down};
}

}  // namespace sluice::delivery
