// The engine's own TCP/IP: one instance per core, a Transport over one or more Ports. Sans-IO in
// the strict sense: it reads no clock, starts no thread, touches no file; time comes with
// poll()/flush(), randomness from its seed. No DPDK type is visible here or in net/tcp and
// net/wire.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/ip_address.h"
#include "engine/net/datagram.h"
#include "engine/net/port.h"
#include "engine/net/syn_filter.h"
#include "engine/net/transport.h"

namespace sluice::net {

namespace tcp {
class Tcp;
}

// RFC 5681 + 6582, RFC 9438, draft-ietf-ccwg-bbr
enum class CongestionControl : std::uint8_t { reno, cubic, bbr };
enum class SynCookies : std::uint8_t { off, on, automatic };  // automatic: when the backlog is full

struct Route {
  Prefix prefix;
  IpAddress via;  // a neighbour on the link
  bool operator==(const Route&) const = default;
};

struct StackOptions {
  std::vector<Prefix> addresses;       // ours, with the on-link prefix
  std::vector<IpAddress> gateways;     // default routers, in the order in which they are tried
  std::vector<Route> routes;           // to further networks; the longest prefix decides
  std::uint16_t vlan = 0;              // 802.1Q tag of the port; 0 = frames have none
  bool router_advertisements = false;  // take addresses and routers from them (RFC 4861, 4862)
  bool detect_conflicts = false;       // probe an address before it is used (RFC 5227, RFC 4862)
  std::uint64_t seed = 0;              // initial sequence numbers, ports; secret in production
  std::uint32_t connections_max = 32'768;
  std::uint32_t receive_window = 256 * 1024;
  std::uint32_t send_buffer = 256 * 1024;
  std::uint32_t syn_backlog = 4'096;     // half-open connections
  std::uint32_t listen_backlog = 4'096;  // per listener: open connections nobody has taken yet
  Duration rto_initial = seconds(1);
  Duration rto_min = milliseconds(200);
  Duration delayed_ack = milliseconds(40);
  Duration time_wait = seconds(60);
  Duration user_timeout = minutes(5);
  Duration keep_alive{};  // idle time before the first probe (RFC 9293 3.8.4); 0 = off
  std::uint8_t syn_retries = 5;
  std::uint8_t initial_window = 10;  // segments (RFC 6928)
  // The shift (RFC 7323), 0 = none is offered; empty: what receive_window needs.
  std::optional<std::uint8_t> window_scale;
  CongestionControl congestion_control = CongestionControl::cubic;
  SynCookies syn_cookies = SynCookies::automatic;
  bool sack = true;              // RFC 2018
  bool timestamps = true;        // RFC 7323
  bool ecn = false;              // RFC 3168
  bool rack = true;              // RFC 8985
  bool tlp = true;               // RFC 8985 7
  bool quick_ack = true;         // the first segments of a connection are acknowledged at once
  bool no_delay = true;          // small segments leave at once (else RFC 9293 3.7.4)
  bool idle_restart = true;      // back to the initial window after an idle time (RFC 5681 4.1)
  bool verify_checksums = true;  // of what comes in, unless the device did

  SynFilter* syn_filter = nullptr;  // outlives the stack; nullptr: every SYN is admitted
};

struct StackCounters {
  std::uint64_t packets_in = 0, packets_out = 0;
  std::uint64_t segments_in = 0, segments_out = 0, segments_retransmitted = 0;
  std::uint64_t timeouts = 0;           // of the retransmission timer, on data
  std::uint64_t recoveries_undone = 0;  // losses that turned out not to be any
  std::uint64_t dropped_malformed = 0, dropped_no_resources = 0, resets_out = 0;
  std::uint64_t dropped_not_ours = 0;  // another host's, another VLAN's, a protocol we lack
  std::uint64_t datagrams_in = 0, datagrams_out = 0;  // UDP
  std::uint64_t to_kernel = 0, from_kernel = 0;       // frames over the exception device
  std::uint64_t handed_over = 0;                      // whole datagrams of other cores
  std::uint64_t icmp_errors_out = 0;
  std::uint64_t address_conflicts = 0;  // somebody else uses an address of ours
  std::uint64_t syns_refused = 0;       // by the filter
  std::uint64_t challenge_acks = 0, dropped_accept_queue = 0;
  std::uint64_t syn_cookies_sent = 0, syn_cookies_accepted = 0;
  std::uint64_t connections = 0, half_open = 0, time_wait = 0;
};

// The ports outlive the stack. What is not ours on `port` goes to `exception`, if there is one.
std::unique_ptr<Transport> make_stack(const StackOptions& options, Port& port, Instant now,
                                      Port* exception = nullptr);
// Of a transport made by make_stack; the second for who needs sockets rather than sessions.
StackCounters stack_counters(const Transport& stack);
tcp::Tcp& tcp_of(Transport& stack);
DatagramTransport& datagrams_of(Transport& stack);

}  // namespace sluice::net
