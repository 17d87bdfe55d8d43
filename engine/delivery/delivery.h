// Onward delivery of one core: takes due messages from the core's queue shard, groups their
// recipients by route, delivers them over reused connections with per-destination limits, and
// records each recipient's outcome; retries by schedule, bounces with a DSN.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/delivery/tls_tally.h"
#include "engine/dns/resolver.h"
#include "engine/mail/event.h"
#include "engine/mail/ids.h"
#include "engine/net/transport.h"
#include "engine/policy/bounce_tag.h"
#include "engine/smtp/credentials.h"
#include "queueing/in_hand.h"
#include "engine/web/sts_desk.h"
#include "queueing/shard.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace sluice::delivery {

// Connections of delivery carry this bit in Connection::owner; inbound sessions do not.
inline constexpr std::uint64_t kOutboundOwner = 1ULL << 63;

inline constexpr std::uint32_t kDnsAsker = 2;  // in dns::Token

// Token of delivery's own commits (notifications); no session's handle has it.
inline constexpr std::uint64_t kNoticeToken = UINT64_MAX;

// What deliveries show to peers, and whom they trust.
struct ClientContexts {
  std::shared_ptr<const tls::Context> usual;                      // null: no TLS at all
  std::vector<std::shared_ptr<const tls::Context>> destinations;  // of each [[destination]]
  std::vector<smtp::Credentials> credentials;  // of each [[route]]; not given: none
  std::shared_ptr<const policy::BounceTags> bounce_tags;  // null: senders are not tagged
};

struct Surroundings {  // all outlive the Delivery
  const config::Config* config = nullptr;
  queueing::Shard* shard = nullptr;
  // The transport of a route's `via`: the port's stack, or kernel sockets for "".
  std::function<net::Transport*(std::string_view via)> transport;
  mail::EventSink* events = nullptr;
  BlockPool* blocks = nullptr;  // read buffers
  IdSequence* mids = nullptr;   // for DSNs
  IdSequence* dcids = nullptr;
  tls::ReadBuffers* tls_buffers = nullptr;
  ClientContexts contexts;
  dns::Resolver* resolver = nullptr;    // null: no next hop can be looked up
  queueing::InHand* in_hand = nullptr;  // null: nobody asks what is worked on
  web::StsDesk* policies = nullptr;     // null: no MTA-STS
};

struct DestinationStatus {  // one route
  std::string name;
  std::uint64_t active_recipients = 0;
  std::uint32_t connections = 0;
  std::uint64_t delivered_recipients = 0;
  std::uint64_t soft_bounced = 0;
  std::uint64_t hard_bounced = 0;
  bool down = false;  // at the last attempt
};

// How a recipient host is reached, for `hoststatus`.
struct HostRoute {
  std::string destination;  // the route; empty: there is none
  std::string redirected_to;
  struct Hop {
    std::string address;
    bool down = false;
  };
  std::vector<Hop> hops;
};

// The operator has mail for one host go where another's goes, or to a next hop of his own.
struct Redirect {
  std::string host;
  std::string to;
  std::optional<config::NextHop> hop{};  // of `to`, when it is one
  bool operator==(const Redirect&) const = default;
};

class Delivery {
 public:
  static std::unique_ptr<Delivery> create(const Surroundings& surroundings);
  virtual ~Delivery() = default;

  // Once per tick: due messages, deadlines. Returns work done.
  virtual std::size_t poll(Instant now, WallTime wall) noexcept = 0;
  // A read of the shard that delivery has begun is done: its token is below kTokensEnd or
  // DsnWriter::kReadToken.
  virtual void read_done(const queueing::Shard::ReadDone& done, Instant now,
                         WallTime wall) noexcept = 0;
  // A ready connection whose owner has kOutboundOwner set.
  virtual void on_ready(net::Connection& connection, Instant now, WallTime wall) noexcept = 0;
  // The shard returned kNoticeToken. Only a durable notification ends the failure it reports on.
  virtual void notice_committed(Mid notice, bool durable, WallTime wall) noexcept = 0;
  // The resolver's answer to a question of ours (kDnsAsker).
  virtual void on_answer(const dns::Resolver::Done& done, Instant now, WallTime wall) noexcept = 0;
  // The answer to a question at Surroundings::policies.
  virtual void on_policy(const web::StsAnswer& answer, Instant now, WallTime wall) noexcept = 0;
  // What has been counted for reports on TLS since the last call.
  virtual TlsTally take_tally() = 0;
  virtual Instant next_deadline() const noexcept = 0;

  // By the operator; `[delivery] paused` is another reason of its own.
  virtual void pause(bool paused) noexcept = 0;
  virtual void flush() noexcept = 0;  // every next hop is tried again at once
  // What waits for a connection is taken from the queue anew: hosts are held.
  virtual void reconsider() noexcept = 0;
  virtual void set_redirects(std::vector<Redirect> redirects) = 0;
  // Takes over the lease of a message that is to go back to its sender, whole; false: no room now.
  virtual bool return_to_sender(Mid mid, std::string_view status, std::string_view diagnostic) = 0;
  // After SIGHUP.
  virtual void reconfigure(const config::Config& config, ClientContexts contexts) noexcept = 0;
  virtual void drain(Instant now) noexcept = 0;  // start nothing new; QUIT idle connections
  virtual bool idle() const noexcept = 0;        // no connection is open
  virtual std::vector<DestinationStatus> status() const = 0;
  virtual HostRoute route_of(std::string_view host) const = 0;
  // Connections that carry, or are being opened for, a message to each host.
  virtual void count_connections(std::map<std::string, std::uint32_t>& by_host) const = 0;
};

}  // namespace sluice::delivery
