#include "engine/config/check.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <bit>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/config/bayes_keys.h"
#include "engine/config/check_port.h"
#include "engine/config/pressure_keys.h"
#include "engine/config/values.h"

namespace sluice::config {
namespace {

constexpr std::size_t kSclScores = 9;
constexpr std::size_t kSocketPathBytesMax = 107;   // sun_path less its NUL, unix(7)
constexpr std::uint64_t kSegmentAlignment = 4096;  // the queue writes whole pages

// One table of the file, for messages about it.
class Here {
 public:
  Here(Reading& reading, std::string where, std::string path, int line = 0)
      : reading_(reading), where_(std::move(where)), path_(std::move(path)), line_(line) {}

  void fault(std::string_view key, std::string what) const {
    const auto it =
        reading_.places.find(path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key));
    const Place place = it == reading_.places.end() ? Place{line_, 0} : it->second;
    reading_.add(place, where_, std::move(what));
  }

 private:
  Reading& reading_;
  std::string where_;
  std::string path_;
  int line_;
};

template <class Item>
Here here(Reading& reading, std::string_view table, const Item& item, std::size_t index) {
  std::string_view name;
  if constexpr (requires { item.name; })
    name = item.name;
  else
    name = item.domain;
  return {
      reading,
      name.empty() ? fmt::format("{} {}", table, index + 1) : fmt::format("{} {:?}", table, name),
      fmt::format("{}[{}]", table, index), item.line};
}

const Port* find_port(const Config& config, std::string_view name) {
  const auto it = std::ranges::find(config.ports, name, &Port::name);
  return it == config.ports.end() ? nullptr : &*it;
}

std::string port_names(const Config& config) {
  std::vector<std::string> names;
  for (const Port& port : config.ports) names.push_back(quoted(port.name));
  return names.empty() ? "the file has none"
                       : fmt::format("the ports are {}", fmt::join(names, ", "));
}

void check_cpus(const std::vector<unsigned>& cpus, std::string_view key, const Machine& machine,
                std::set<unsigned>& taken, const Here& cores) {
  for (const unsigned cpu : cpus) {
    if (std::ranges::find(machine.cpus, cpu) == machine.cpus.end())
      cores.fault(key, fmt::format("{} names CPU {}, which this process may not run on; "
                                   "it may on {}",
                                   key, cpu, cpu_list_text(machine.cpus)));
    else if (!taken.insert(cpu).second)
      cores.fault(
          key, fmt::format("{} names CPU {} a second time; each CPU serves one thread", key, cpu));
  }
}

void check_cores(const Config& config, const Machine& machine, Reading& reading) {
  const Here cores(reading, "cores", "cores");
  std::set<unsigned> taken;
  if (config.cores.workers.empty()) cores.fault("workers", "workers is empty; one CPU is needed");
  check_cpus(config.cores.workers, "workers", machine, taken, cores);
  check_cpus(config.cores.control, "control", machine, taken, cores);
  check_cpus(config.cores.offload, "offload", machine, taken, cores);
}

void check_memory(const Config& config, Reading& reading) {
  const Memory& m = config.memory;
  const Here memory(reading, "memory", "memory");
  if (m.sessions > m.connections)
    memory.fault("sessions", fmt::format("sessions {} is above connections ({}); each session is "
                                         "a TCP connection",
                                         m.sessions, m.connections));
  if (m.transactions > m.sessions)
    memory.fault("transactions", fmt::format("transactions {} is above sessions ({}); a session "
                                             "receives one message at a time",
                                             m.transactions, m.sessions));
}

void check_block(const Config& config, Reading& reading) {
  if (config.block.table == BlockTable::fib && config.ports.empty())
    Here(reading, "block", "block")
        .fault("table", "table \"fib\" lies in DPDK's memory, and the file has no port");
}

void check_ports(const Config& config, Reading& reading) {
  std::set<std::string_view> names, devices, exceptions;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const Port& port = config.ports[i];
    const Here place = here(reading, "port", port, i);
    if (!port.name.empty() && !names.insert(port.name).second)
      place.fault("name", fmt::format("name {:?} is taken by an earlier port", port.name));
    if (!port.device.empty() && !devices.insert(port.device).second)
      place.fault("device", fmt::format("device {:?} is taken by an earlier port", port.device));
    if (!port.exception.empty() && !exceptions.insert(port.exception).second)
      place.fault("exception",
                  fmt::format("exception {:?} is taken by an earlier port", port.exception));
    for (const auto& [key, what] : port_faults(port)) place.fault(key, what);
  }
}

bool same_bind(const Listener& a, const Listener& b) {
  if (a.tcp_port != b.tcp_port || a.port_name != b.port_name) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

void check_bind(const Config& config, std::size_t index, const Here& place) {
  const Listener& listener = config.listeners[index];
  if (!listener.port_name.empty() && find_port(config, listener.port_name) == nullptr)
    place.fault("bind", fmt::format("bind names the port {:?}, which does not exist; {}",
                                    listener.port_name, port_names(config)));
  for (std::size_t i = 0; i < index; ++i)
    if (same_bind(config.listeners[i], listener))
      place.fault("bind", fmt::format("bind is the same as that of listener {:?}",
                                      config.listeners[i].name));
}

bool certificate_exists(const Config& config, std::string_view name) {
  return std::ranges::find(config.certificates, name, &Certificate::name) !=
         config.certificates.end();
}

void check_tls(const Config& config, const Listener& listener, const Here& place) {
  const bool some = !listener.tls_preferred_from.empty() || !listener.tls_required_from.empty();
  if ((some || !listener.tls_off_from.empty()) && listener.tls == Tls::implicit)
    place.fault("tls", "tls \"implicit\" is for all sources; leave out tls_…_from");
  if (!some && listener.tls == Tls::off && listener.client_certificates != ClientCertificates::off)
    place.fault("client_certificates", "client_certificates needs TLS, and tls is \"off\"");
  for (const std::string& name : listener.certificates)
    if (!certificate_exists(config, name))
      place.fault("certificates", fmt::format("certificate {:?} does not exist", name));
}

void check_certificates(const Config& config, Reading& reading) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.certificates.size(); ++i) {
    const Certificate& certificate = config.certificates[i];
    if (!certificate.name.empty() && !names.insert(certificate.name).second)
      here(reading, "certificate", certificate, i)
          .fault("name",
                 fmt::format("name {:?} is taken by an earlier certificate", certificate.name));
  }
}

void check_listeners(const Config& config, Reading& reading) {
  if (config.listeners.empty())
    reading.add({}, "listener", "there is none; at least one [[listener]] is needed");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const Listener& listener = config.listeners[i];
    const Here place = here(reading, "listener", listener, i);
    if (!listener.name.empty() && !names.insert(listener.name).second)
      place.fault("name", fmt::format("name {:?} is taken by an earlier listener", listener.name));
    if (reading.places.contains(fmt::format("listener[{}].bind", i))) check_bind(config, i, place);
    check_tls(config, listener, place);
    const std::uint64_t capacity = config.queue.segment_bytes * config.queue.segments_max;
    if (listener.message_size_max > capacity)
      place.fault("message_size_max",
                  fmt::format("message_size_max {} is above {}; queue.segment_bytes and "
                              "queue.segments_max decide that",
                              size_text(listener.message_size_max), size_text(capacity)));
  }
}

bool matches(std::string_view pattern, std::string_view domain) {
  if (pattern == "*" || equals_ignoring_case(pattern, domain)) return true;
  if (!pattern.starts_with('.') || domain.size() <= pattern.size()) return false;
  return equals_ignoring_case(domain.substr(domain.size() - pattern.size()), pattern);
}

// An entry behind one that takes all of its domain is never reached.
template <class Item>
void check_reached(const std::vector<Item>& items, std::size_t index, std::string_view table,
                   const Here& place) {
  const std::string& domain = items[index].domain;
  for (std::size_t i = 0; i < index && !domain.empty(); ++i)
    if (!items[i].domain.empty() && matches(items[i].domain, domain))
      return place.fault(
          "domain", fmt::format("domain is never reached: {} {:?} in line {} takes it first", table,
                                items[i].domain, items[i].line));
}

void check_via(const Config& config, const std::string& via, const Here& place) {
  if (!via.empty() && find_port(config, via) == nullptr)
    place.fault("via", fmt::format("via names the port {:?}, which does not exist; {}", via,
                                   port_names(config)));
}

bool has_dns(const Config& config) { return config.dns.system || !config.dns.servers.empty(); }

void check_dns(const Config& config, Reading& reading) {
  const Here place(reading, "dns", "dns");
  check_via(config, config.dns.via, place);
  for (const Endpoint& server : config.dns.servers)
    if (server.port == 0 || server.address.is_unspecified())
      place.fault("servers", fmt::format("server {} cannot be asked", server.text()));
}

void check_next_hop(const Config& config, const Route& route, const NextHop& hop,
                    const Here& place) {
  const auto fault = [&](std::string_view what) {
    place.fault("next_hop", fmt::format("next_hop {} {}", hop.text(), what));
  };
  if (hop.kind == NextHop::Kind::address &&
      (hop.endpoint.port == 0 || hop.endpoint.address.is_unspecified()))
    fault("cannot be connected to");
  if (hop.looked_up() && !has_dns(config))
    fault("is a name, but [dns] has no servers and system is false");
  if (hop.kind != NextHop::Kind::socket) return;
  if (route.protocol != HopProtocol::lmtp) fault("is a socket: protocol has to be \"lmtp\"");
  if (!route.via.empty()) fault("is a socket of this machine, and via names a port");
  if (!route.credentials.empty()) fault("is a socket: no TLS, and so no credentials");
  if (looks_up(route)) fault("is a socket, and others have to be looked up: use two routes");
}

void check_routes(const Config& config, Reading& reading) {
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const Route& route = config.routes[i];
    const Here place = here(reading, "route", route, i);
    check_via(config, route.via, place);
    if (route.next_hops.empty() && !has_dns(config))
      place.fault("next_hop", "next_hop is \"mx\", but [dns] has no servers and system is false");
    for (const NextHop& hop : route.next_hops) check_next_hop(config, route, hop, place);
    if (route.next_hops.empty() && !route.credentials.empty())
      place.fault("credentials",
                  "credentials are for hosts that are listed, and next_hop is "
                  "\"mx\": DNS could name anybody");
    check_reached(config.routes, i, "route", place);
  }
}

void check_destination(const Config& config, const Destination& destination, const Here& place) {
  if (!destination.certificate.empty() && !certificate_exists(config, destination.certificate))
    place.fault("certificate",
                fmt::format("certificate {:?} does not exist", destination.certificate));
  if (destination.implicit && destination.tls == PeerTls::none)
    place.fault("implicit", "implicit needs TLS, and tls is \"none\"");
}

void check_peers(const Config& config, Reading& reading) {
  for (std::size_t i = 0; i < config.destinations.size(); ++i) {
    const Here place = here(reading, "destination", config.destinations[i], i);
    check_reached(config.destinations, i, "destination", place);
    check_destination(config, config.destinations[i], place);
  }
}

void check_reply_rules(const Config& config, Reading& reading) {
  for (std::size_t i = 0; i < config.reply_rules.size(); ++i) {
    const ReplyRule& rule = config.reply_rules[i];
    if (rule.treat == ReplyClass::permanent && (!rule.retry.empty() || rule.expire.ns > 0))
      here(reading, "reply_rule", rule, i)
          .fault("treat",
                 "treat is \"permanent\", so that nothing waits: retry and expire have no "
                 "meaning");
  }
}

// Mail that is accepted must have somewhere to go.
void check_destinations(const Config& config, Reading& reading) {
  const auto routed = [&](std::string_view domain) {
    return std::ranges::any_of(config.routes,
                               [&](const Route& route) { return matches(route.domain, domain); });
  };
  for (const std::string& domain : config.accepted_domains)
    if (!routed(domain))
      Here(reading, "domains", "domains")
          .fault("accepted",
                 fmt::format("accepted has {:?}, but no route takes it; add a [[route]] "
                             "for it or for \"*\"",
                             domain));
  for (std::size_t i = 0; i < config.listeners.size(); ++i)
    if (!config.listeners[i].relay_from.empty() && !routed("*") && !has_dns(config))
      here(reading, "listener", config.listeners[i], i)
          .fault("relay_from",
                 "relay_from lets mail to any domain in, but there is no [[route]] "
                 "for \"*\", and [dns] has no servers and system is false");
}

void check_order(const Here& place, std::string_view low, Duration low_value, std::string_view high,
                 Duration high_value) {
  if (low_value > high_value)
    place.fault(low, fmt::format("{} {} is above {} ({})", low, duration_text(low_value), high,
                                 duration_text(high_value)));
}

void check_times(const Config& config, Reading& reading) {
  const Here tcp(reading, "tcp", "tcp");
  check_order(tcp, "rto_min", config.tcp.rto_min, "rto_initial", config.tcp.rto_initial);
  const Here delivery(reading, "delivery", "delivery");
  const Delivery& d = config.delivery;
  check_order(delivery, "retry", d.retry.front(), "expire", d.expire);
}

void check_storage(const Config& config, Reading& reading) {
  const Here queue(reading, "queue", "queue");
  const Queue& q = config.queue;
  if (q.segment_bytes % kSegmentAlignment != 0)
    queue.fault("segment_bytes", fmt::format("segment_bytes {} is no multiple of {}; the queue "
                                             "writes whole pages",
                                             q.segment_bytes, kSegmentAlignment));
  if (q.segments_spare >= q.segments_max)
    queue.fault("segments_spare", fmt::format("segments_spare {} is not below segments_max ({})",
                                              q.segments_spare, q.segments_max));
  const Here pressure(reading, "back_pressure", "back_pressure");
  for (const auto& [key, fault] : pressure_faults(config.back_pressure)) pressure.fault(key, fault);
  if (!std::has_single_bit(config.log.ring_bytes))
    Here(reading, "log", "log")
        .fault("ring_bytes",
               fmt::format("ring_bytes {} is no power of two; the next is {}",
                           config.log.ring_bytes, std::bit_ceil(config.log.ring_bytes)));
}

void check_admin(const Config& config, Reading& reading) {
  const std::string& socket = config.admin.socket;
  if (socket.size() > kSocketPathBytesMax)
    Here(reading, "admin", "admin")
        .fault("socket", fmt::format("socket {:?} has {} octets; the system takes {} (unix(7))",
                                     socket, socket.size(), kSocketPathBytesMax));
}

// delete >= reject >= quarantine > tag, of those that are in use. The default of tag gives way.
void check_thresholds(const Scan& config, const Here& place, bool tag_given) {
  constexpr std::int32_t kNever = 10;
  std::string_view above_name;
  std::int32_t above = kNever;
  const auto next = [&](std::string_view name, std::int32_t value, bool strict) {
    if (value == kNever) return;
    if (!above_name.empty() && (value > above || (strict && value == above)))
      place.fault(name, fmt::format("{} {} is never reached: {} takes SCL {} and above; {} must be "
                                    "{} it",
                                    name, value, above_name, above, name,
                                    strict ? "below" : "at or below"));
    above_name = name;
    above = std::min(above, value);
  };
  next("delete", config.discard, false);
  next("reject", config.reject, false);
  next("quarantine", config.quarantine, false);
  if (tag_given) next("tag", config.tag, true);
}

void check_scan(const Config& config, Reading& reading) {
  const Here scan(reading, "scan", "scan");
  check_thresholds(config.scan, scan, reading.places.contains("scan.tag"));
  const std::vector<double>& scores = config.scan.scl_score;
  if (scores.size() != kSclScores) {
    scan.fault("scl_score",
               fmt::format("scl_score has {} numbers; it needs {}, the lowest score of "
                           "SCL 1..9",
                           scores.size(), kSclScores));
    return;
  }
  for (std::size_t i = 1; i < scores.size(); ++i)
    if (!(scores[i - 1] < scores[i]))
      scan.fault("scl_score", fmt::format("scl_score does not rise: SCL {} begins at {}, SCL {} at "
                                          "{}",
                                          i, scores[i - 1], i + 1, scores[i]));
  for (auto& [key, fault] : learning_faults(config.bayes, config.scan))
    Here(reading, "bayes", "bayes").fault(key, std::move(fault));
}

}  // namespace

const Machine& Machine::here() {
  // Read once, before any thread is pinned: a reload must see the same machine.
  static const Machine machine = [] {
    Machine found;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
      for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) found.cpus.push_back(cpu);
    return found;
  }();
  return machine;
}

void check(const Config& config, const Machine& machine, Reading& reading) {
  check_cores(config, machine, reading);
  check_memory(config, reading);
  check_block(config, reading);
  check_ports(config, reading);
  check_certificates(config, reading);
  check_listeners(config, reading);
  check_dns(config, reading);
  check_routes(config, reading);
  check_peers(config, reading);
  check_reply_rules(config, reading);
  check_destinations(config, reading);
  check_times(config, reading);
  check_storage(config, reading);
  check_scan(config, reading);
  check_admin(config, reading);
}

}  // namespace sluice::config
