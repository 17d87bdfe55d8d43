// Where mail of one kind goes, a route with one rule on TLS: the jobs that wait for it, its next
// hops with what is known of their health, its connections and its counters. Pure book-keeping; the
// dispatcher acts on it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/config/config.h"
#include "engine/delivery/concurrency.h"
#include "engine/delivery/delivery.h"
#include "engine/delivery/job.h"
#include "engine/delivery/mail_hosts.h"
#include "engine/delivery/outbound_connection.h"
#include "engine/delivery/peer_rule.h"
#include "engine/delivery/tls_tally.h"
#include "engine/dns/inquiry.h"

namespace sluice::delivery {

// A next hop as the reports on TLS (RFC 8460) have it.
struct HopReport {
  std::string host;
  std::shared_ptr<const TlsPolicy> policy = std::make_shared<const TlsPolicy>();
  bool listed = true;     // in the policy by MTA-STS
  bool unusable = false;  // its TLSA records
};

class Destination {
 public:
  static constexpr std::size_t kHopsMax = 1'000;  // with those that are no longer picked

  // What it needs of the route is copied: the configuration may go away first.
  explicit Destination(const config::Route& route, std::string name = {}, PeerRule rule = {},
                       smtp::Credentials credentials = {});

  // Of a route whose next hops are looked up: they are known until then (never() for the others).
  bool looks_up() const noexcept { return looks_up_; }
  Instant hosts_until() const noexcept { return hosts_until_; }
  // Replaces the next hops and keeps what is known of their health. Hops that connections still
  // have by index stay in their place, but are no longer picked.
  void set_hosts(const MailHosts& found, Instant until, Random& random);
  std::uint16_t mx_port() const noexcept { return mx_port_; }
  // Those of the route, when DNS has to be asked for them; empty: it is asked for the domain.
  const std::vector<config::NextHop>& named_hops() const noexcept { return named_hops_; }

  const std::string& name() const noexcept { return name_; }
  const std::string& via() const noexcept { return via_; }
  const PeerRule& rule() const noexcept { return rule_; }
  bool lmtp() const noexcept { return lmtp_; }
  const smtp::Credentials& credentials() const noexcept { return credentials_; }
  // Nothing refers to it: it may go.
  bool unused() const noexcept {
    return connections == 0 && active_recipients == 0 && waiting_count_ == 0 &&
           collecting == nullptr && !attention.linked() && !inquiry.waits() && !awaits_policy;
  }

  void enqueue(Job& job) noexcept;
  void enqueue_first(Job& job) noexcept;
  Job* next_job() noexcept;  // the oldest, taken off the queue; nullptr when none waits
  Job* first_waiting() noexcept { return waiting_.front(); }
  std::size_t waiting() const noexcept { return waiting_count_; }

  // Next hops in the configured order; one that failed is left out until its back-off has passed.
  std::optional<std::size_t> pick_hop(Instant now) const noexcept;
  const Endpoint& hop(std::size_t index) const noexcept { return hops_[index].endpoint; }
  // A socket of this machine, which has no endpoint; empty: it is none.
  const std::string& socket(std::size_t index) const noexcept { return hops_[index].socket; }
  std::string hop_text(std::size_t index) const {
    return socket(index).empty() ? hop(index).text() : socket(index);
  }
  std::size_t hops() const noexcept { return hops_.size(); }
  // Its next hop has failed and is looked at again: by one connection, until it works.
  bool probes(std::size_t index) const noexcept { return hops_[index].failures > 0; }
  bool hop_is_down(std::size_t index) const noexcept { return hops_[index].failures > 0; }
  void forget_back_off() noexcept {  // the next attempt comes at once; it may fail again
    for (NextHop& hop : hops_) hop.down_until = {};
  }
  // What the TLS of this hop must be: the rule, with what DANE says of the host.
  const tls::PeerPolicy& policy(std::size_t index) const noexcept { return hops_[index].policy; }
  // What reports say of it.
  const HopReport& reported(std::size_t index) const noexcept { return hops_[index].report; }
  // `first` doubles with every failure in a row, up to `max`.
  void hop_failed(std::size_t index, Instant now, Duration first, Duration max) noexcept;
  void hop_works(std::size_t index) noexcept;
  // A further connection is wanted: more jobs wait than connections are being opened for them.
  bool wants_connection(std::uint32_t connections_max) const noexcept {
    return waiting_count_ > opening && connections < connections_max;
  }

  DestinationStatus status() const;

  ListLink attention;  // in the dispatcher's list of destinations to look at
  IntrusiveList<OutboundConnection, &OutboundConnection::idle_link> idle;
  std::uint32_t connections = 0;  // in all
  std::uint32_t opening = 0;      // of these: not greeted yet
  Concurrency concurrency;
  bool retired = false;                    // no longer in the configuration
  Job* collecting = nullptr;               // while the recipients of one message are grouped
  std::string last_trouble;                // why the last connection failed
  std::string_view last_status = "4.4.1";  // its enhanced code; a literal
  dns::Inquiry inquiry;                    // for the next hops
  MailHosts found;                         // while the policy of their domain is asked for
  bool awaits_policy = false;
  std::vector<std::string> reports_to;  // URIs: who wants reports on TLS with it (RFC 8460)
  std::uint64_t inquiry_id = 0;         // 0 = none was made yet
  std::uint64_t active_recipients = 0;
  std::uint64_t delivered_recipients = 0;
  std::uint64_t soft_bounced = 0;
  std::uint64_t hard_bounced = 0;

 private:
  struct NextHop {
    Endpoint endpoint;
    std::uint32_t failures = 0;  // in a row
    Instant down_until{};
    tls::PeerPolicy policy{};
    HopReport report{};
    std::string socket{};
  };
  std::size_t place(NextHop hop);

  std::string name_;
  std::string via_;
  PeerRule rule_;
  bool lmtp_;
  smtp::Credentials credentials_;
  bool looks_up_;
  std::vector<config::NextHop> named_hops_;
  std::uint16_t mx_port_;
  Instant hosts_until_{};
  std::vector<NextHop> hops_;
  std::vector<std::size_t> order_;  // in which hops are picked
  JobQueue waiting_;
  std::size_t waiting_count_ = 0;
};

}  // namespace sluice::delivery
