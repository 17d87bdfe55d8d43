// Delivery's implementation: leases what is due, groups recipients by route, opens and reuses
// connections within their limits, and drives each connection as its transport, its reads and its
// deadlines ask. dispatcher.cc has the poll stages and destinations, dispatcher_connections.cc the
// life of a connection, dispatcher_tls.cc what is made of its TLS, dispatcher_reports.cc what
// reports are told of it, dispatcher_dns.cc how next hops are looked up.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/base/timer_wheel.h"
#include "engine/delivery/delivery.h"
#include "engine/delivery/destination.h"
#include "engine/delivery/destinations.h"
#include "engine/delivery/dsn_writer.h"
#include "engine/delivery/job.h"
#include "engine/delivery/outbound_connection.h"
#include "engine/delivery/outcomes.h"

namespace sluice::delivery {

class Dispatcher final : public Delivery {
 public:
  explicit Dispatcher(const Surroundings& surroundings);

  std::size_t poll(Instant now, WallTime wall) noexcept override;
  void read_done(const queueing::Shard::ReadDone& done, Instant now,
                 WallTime wall) noexcept override;
  void on_ready(net::Connection& connection, Instant now, WallTime wall) noexcept override;
  void notice_committed(Mid notice, bool durable, WallTime wall) noexcept override {
    dsns_.committed(notice, durable, wall);
  }
  void on_answer(const dns::Resolver::Done& done, Instant now, WallTime wall) noexcept override;
  void on_policy(const web::StsAnswer& answer, Instant now, WallTime wall) noexcept override;
  TlsTally take_tally() override {
    TlsTally fresh;
    fresh.limit(config_->tlsrpt.domains_max);
    return std::exchange(tally_, std::move(fresh));
  }
  Instant next_deadline() const noexcept override;
  void pause(bool paused) noexcept override;
  void flush() noexcept override;
  void reconsider() noexcept override;
  void set_redirects(std::vector<Redirect> redirects) override;
  bool return_to_sender(Mid mid, std::string_view status, std::string_view diagnostic) override;
  void reconfigure(const config::Config& config, ClientContexts contexts) noexcept override;
  void drain(Instant now) noexcept override;
  bool idle() const noexcept override;
  std::vector<DestinationStatus> status() const override;
  HostRoute route_of(std::string_view host) const override;
  void count_connections(std::map<std::string, std::uint32_t>& by_host) const override;

 private:
  using DestinationList = IntrusiveList<Destination, &Destination::attention>;

  // Poll stages.
  void enter(Instant now, WallTime wall);
  std::size_t retry_starved();
  std::size_t take_due();
  std::size_t serve_destinations();

  bool stopped() const noexcept { return paused_ || config_->delivery.paused || draining_; }
  void quit_idle(Destination& destination);
  const Redirect* redirect_of(std::string_view domain) const noexcept;
  Destinations::Found destination_for(std::string_view domain, TlsWish wish);
  bool can_lease() const noexcept { return !stopped() && jobs_.has_room(Destinations::kMax + 2); }
  void group(Lease& lease);
  void attend(Destination& destination) noexcept;
  void attend_all() noexcept;
  void serve(Destination& destination);
  void defer_waiting(Destination& destination);
  void give_back_waiting(Destination& destination) noexcept;
  void give_back(Job& job) noexcept;
  void forget_if_unused(Destination& destination) noexcept;
  void wake_blocked() noexcept;
  static void on_resource_timer(Timer& timer, Instant now);

  // The life of a connection.
  enum class Opened : std::uint8_t { yes, try_next_hop, not_now };
  Opened open_connection(Destination& destination);
  struct ConnectTrouble {
    std::string_view details;
    std::string_view reason = "network error";
    std::string_view status = "4.4.1";  // a literal
    Endpoint local{};
    bool one_of_many = false;  // the host is not down: it has other connections of ours
  };
  void connect_failed(Destination& destination, std::size_t hop, Dcid dcid,
                      const ConnectTrouble& trouble);
  void connected(OutboundConnection& connection);
  void run(OutboundConnection& connection);
  bool next_message(OutboundConnection& connection);
  bool is_last(const OutboundConnection& connection) const noexcept;
  std::uint32_t connections_max(const Destination& destination) const noexcept;
  bool pushed_back(OutboundConnection& connection);
  bool start_job(OutboundConnection& connection);
  std::string sender_of(const queueing::QueuedMessage& message, const Job& job) const;
  bool fit(OutboundConnection& connection, Job& job, const queueing::QueuedMessage& message);
  void learn(OutboundConnection& connection, const smtp::MessageResult& result);
  void drop_settled(Job& job, const queueing::QueuedMessage* message) noexcept;
  void go_idle(OutboundConnection& connection);
  void settle(OutboundConnection& connection, const smtp::MessageResult& result);
  void settle_unanswered(OutboundConnection& connection);
  void close(OutboundConnection& connection);
  void leave(OutboundConnection& connection, bool orderly);
  void watch(OutboundConnection& connection);
  static void on_connection_timer(Timer& timer, Instant now);
  void deadline_passed(OutboundConnection& connection);
  void greeting_failed(OutboundConnection& connection);
  bool greeting_done(OutboundConnection& connection);

  // dispatcher_dns.cc
  bool find_hosts(Destination& destination);
  bool look_up(Destination& destination);
  bool ask_policy(Destination& destination, MailHosts found, web::StsQuery query);
  bool take_hosts(Destination& destination, MailHosts found, const web::StsState& policy);
  bool no_hosts(Destination& destination, std::string_view status, std::string detail);

  // dispatcher_tls.cc
  void set_client(const OutboundConnection& connection) noexcept;
  void report_tls(OutboundConnection& connection);
  void report_no_tls(OutboundConnection& connection, mail::EventKind kind);

  // dispatcher_reports.cc
  void count_failure(const Destination& destination, const TlsPolicy& policy, TlsFailure failure);
  void count_session(OutboundConnection& connection, TlsResult result, std::string_view reason);
  void count_encrypted(OutboundConnection& connection);
  void count_unencrypted(OutboundConnection& connection);
  void count_look_up(const Destination& destination, const MailHosts& found,
                     const web::StsState& state, const std::vector<std::string>& refused);

  Surroundings house_;
  const config::Config* config_;
  smtp::ClientSettings client_settings_;
  Random random_;
  TlsTally tally_;
  JobBook jobs_;
  DsnWriter dsns_;
  Outcomes outcomes_;
  Instant now_{};
  WallTime wall_;
  std::optional<TimerWheel> timers_;  // from the first poll on

  Destinations destinations_;
  std::vector<std::unique_ptr<Destination>> retired_;  // until their connections have gone
  std::map<std::uint64_t, Destination*> inquiring_;    // by inquiry_id: wait for answers
  std::uint64_t inquiries_ = 0;                        // begun so far
  MailHostRules host_rules_;
  DestinationList attention_;  // to be served at the next poll
  DestinationList blocked_;    // want a connection, but a resource of ours is short
  std::vector<Job*> grouped_;  // of the message being grouped

  std::vector<std::unique_ptr<OutboundConnection>> slots_;
  std::vector<std::uint32_t> free_slots_;
  IntrusiveList<OutboundConnection, &OutboundConnection::starved_link> starved_;
  Timer resource_timer_{on_resource_timer, this};
  std::vector<Redirect> redirects_;
  bool paused_ = false;  // by the operator
  bool draining_ = false;
};

}  // namespace sluice::delivery
