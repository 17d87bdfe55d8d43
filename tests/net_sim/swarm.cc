#include "tests/net_sim/swarm.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::net::test {
namespace {

constexpr std::uint16_t kPort = 25;
constexpr Duration kSafety = seconds(30);
constexpr Duration kLiveness = minutes(30);
constexpr Duration kPatience = minutes(5);  // with a partner that is gone
constexpr Duration kLook = seconds(1);      // how often it looks whether it is
constexpr Duration kTimeWait = seconds(10);
constexpr Duration kUserTimeout = minutes(3);
constexpr Duration kAtRest = kUserTimeout + kTimeWait + minutes(1);

std::uint32_t pick(Random& random, std::initializer_list<std::uint32_t> choices) {
  return choices.begin()[random.below(choices.size())];
}

double share(Random& random, double most) {
  return random.chance(0.5) ? most * static_cast<double>(1 + random.below(100)) / 100 : 0;
}

Duration up_to(Random& random, Duration most) {
  if (most.ns == 0) return {};
  return {static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.ns)))};
}

// Each class of faults is on or off.
WireOptions draw_faults(Random& random) {
  WireOptions wire;
  wire.delay = microseconds(10) + up_to(random, milliseconds(random.chance(0.5) ? 1 : 40));
  wire.loss = share(random, 0.06);
  if (random.chance(0.3)) wire.burst.begins = 0.01;
  wire.duplicate = share(random, 0.05);
  wire.corrupt = share(random, 0.02);
  wire.reorder = share(random, 0.3);
  wire.jitter = up_to(random, milliseconds(30));
  if (random.chance(0.4)) {
    wire.bits_per_second = 2'000'000 + random.below(100'000'000);
    wire.queue_octets = 5'000 + random.below(200'000);
  }
  if (random.chance(0.5)) wire.transmit_hold = up_to(random, milliseconds(300));
  return wire;
}

StackOptions draw_stack(Random& random) {
  StackOptions options;
  options.connections_max = 64;
  options.receive_window = pick(random, {2'048, 4'096, 16'384, 65'535, 262'144, 1'048'576});
  options.send_buffer = pick(random, {1'000, 16'384, 65'536, 262'144});
  options.time_wait = kTimeWait;
  options.user_timeout = kUserTimeout;
  options.congestion_control = static_cast<CongestionControl>(random.below(3));
  options.syn_cookies = random.chance(0.1) ? SynCookies::on : SynCookies::automatic;
  options.sack = random.chance(0.8);
  options.timestamps = random.chance(0.8);
  options.ecn = random.chance(0.3);
  options.rack = random.chance(0.8);
  options.tlp = random.chance(0.8);
  options.quick_ack = random.chance(0.5);
  options.keep_alive = random.chance(0.2) ? seconds(20) : Duration{};
  return options;
}

Habit draw_habit(Random& random) {
  Habit habit;
  habit.rounds = 1;
  habit.octets = static_cast<std::uint32_t>(1 + random.below(pick(random, {10, 3'000, 300'000})));
  if (random.chance(0.3)) {
    habit.read_max = pick(random, {100, 1'460, 5'000});
    habit.read_pause = up_to(random, milliseconds(50));
  }
  if (random.chance(0.1)) habit.aborts_after = random.below(100'000);
  habit.leaves_early = random.chance(0.1);
  return habit;
}

}  // namespace

// Two flipped bits can cancel out in a checksum, so that no frame is damaged twice.
void Swarm::Link::set(const WireOptions& options) {
  up->set_options(options);
  WireOptions intact = options;
  intact.corrupt = 0;
  down->set_options(intact);
}

Swarm::Swarm(std::uint64_t seed) : seed_(seed), network_(seed) {
  Random& random = network_.random;
  const std::size_t hosts = 2 + random.below(4);
  for (std::size_t i = 0; i < hosts; ++i) add_host();
  const std::size_t flows = 1 + random.below(12);
  for (std::size_t i = 0; i < flows; ++i) add_flow(i);
  if (random.chance(0.4)) mean_cut_ = milliseconds(500) + up_to(random, seconds(5));
  if (mean_cut_.ns > 0) next_cut_ = network_.now() + mean_cut_;
}

void Swarm::add_host() {
  Random& random = network_.random;
  const WireOptions faults = draw_faults(random);
  const StackOptions options = draw_stack(random);
  Host& host = network_.add_host(
      options, pick(random, {384, 1'024, 4'096}),
      {.tx_ip_checksum = random.chance(0.3), .tx_tcp_checksum = random.chance(0.3)});
  Path& up = network_.add_path(faults);
  Path& down = network_.add_path(faults);
  host.port.feed(up);
  host.port.transmit_hold = faults.transmit_hold;
  up.feed(hub_.add_port(down));
  down.feed(host.port);
  if (!host.stack->listen({IpAddress{}, kPort}, 1)) fault_ = "listen() fails";
  host.work = [this, &host] { return work(host); };
  links_.push_back({&host, &up, &down, faults, options.syn_cookies == SynCookies::on});
  links_.back().set(faults);
}

void Swarm::add_flow(std::size_t index) {
  Random& random = network_.random;
  const std::size_t client = random.below(links_.size());
  const std::size_t server = (client + 1 + random.below(links_.size() - 1)) % links_.size();
  Habit call = draw_habit(random);
  Habit answer = draw_habit(random);
  if (random.chance(0.3)) {
    call.takes_turns = answer.takes_turns = true;
    call.rounds = answer.rounds = 1 + static_cast<std::uint32_t>(random.below(20));
    for (Habit* habit : {&call, &answer}) habit->octets = 1 + habit->octets / habit->rounds;
  } else if (random.chance(0.2)) {
    answer.waits_for_end = true;
  }
  flows_.emplace_back(links_[client], links_[server], network_.now() + up_to(random, seconds(10)),
                      index, call, answer);
  flows_.back().v6 = random.chance(0.5);
}

Instant Swarm::work(Host& host) {
  accept(host);
  Instant next = Instant::never();
  for (Flow& flow : flows_) {
    if (flow.client.host == &host) {
      if (!flow.caller.started()) begin(flow);
      if (!flow.caller.started()) next = std::min(next, flow.begins);
      next = std::min(next, flow.caller.work(network_.now(), network_.random));
    }
    if (flow.server.host == &host)
      next = std::min(next, flow.answerer.work(network_.now(), network_.random));
    leave_the_abandoned(flow);
    if (!over(flow)) next = std::min(next, network_.now() + kLook);
  }
  return next;
}

void Swarm::begin(Flow& flow) {
  if (network_.now() < flow.begins) return;
  Transport& stack = *flow.client.host->stack;
  const Endpoint server =
      flow.v6 ? flow.server.host->endpoint_v6(kPort) : flow.server.host->endpoint(kPort);
  const auto connection = stack.connect(server, 1);
  if (!connection) {  // a small pool may be empty for the moment
    flow.begins = network_.now() + seconds(1);
    return;
  }
  flow.caller.start(stack, **connection, network_.now());
  opened_[{(*connection)->local(), server}] = &flow;
}

void Swarm::accept(Host& host) {
  while (Connection* connection = host.stack->next_ready()) {
    if (connection->owner != 0) continue;
    connection->owner = 1;
    const auto found = opened_.find({connection->remote(), connection->local()});
    if (found == opened_.end() || found->second->answerer.started()) {
      // An old duplicate of an ACK with a cookie opens a ghost (RFC 4987 3.6).
      const bool ghost = found != opened_.end() && found->second->server.cookies;
      if (!ghost) fault_ = "a connection that nobody opened: " + connection->remote().text();
      connection->abort();
      host.stack->release(*connection);
      continue;
    }
    found->second->answerer.start(*host.stack, *connection, network_.now());
  }
}

// A caller that was refused or gave up in time may never have reached its partner.
bool Swarm::over(const Flow& flow) const {
  return flow.caller.over() && (flow.answerer.over() || !flow.answerer.started());
}

// A partner that is gone without a word, or whose last words were lost, is not waited for.
void Swarm::leave_the_abandoned(Flow& flow) {
  const Instant now = network_.now();
  const auto waits_in_vain = [now](const Talker& talker, const Talker& partner) {
    return partner.over() && now - std::max(partner.ended(), talker.progress()) > kPatience;
  };
  if (waits_in_vain(flow.answerer, flow.caller)) flow.answerer.give_up(now);
  if (waits_in_vain(flow.caller, flow.answerer)) flow.caller.give_up(now);
}

// Now and then one host is off the network for a while.
void Swarm::cut_links() {
  const Instant now = network_.now();
  for (Link& link : links_) {
    if (link.cut_until == Instant{} || now < link.cut_until) continue;
    link.cut_until = {};
    link.set(link.faults);
  }
  if (now < next_cut_) return;
  next_cut_ = now + up_to(network_.random, mean_cut_ * 2);
  Link& link = links_[network_.random.below(links_.size())];
  link.cut_until = now + up_to(network_.random, seconds(4));
  WireOptions silent = link.faults;
  silent.loss = 1;
  link.set(silent);
}

void Swarm::end_faults() {
  for (Link& link : links_) link.set({.delay = link.faults.delay});
}

void Swarm::record(const std::string& path) {
  trace_.emplace(path);
  for (Link& link : links_) trace_->watch(*link.host, network_.timeline);
}

std::string Swarm::run() {
  const auto finished = [&] {
    return !fault_.empty() ||
           std::ranges::all_of(flows_, [&](const Flow& flow) { return over(flow); });
  };
  for (const Instant end = network_.now() + kSafety; network_.now() < end && fault_.empty();) {
    cut_links();
    network_.step();
  }
  end_faults();
  network_.run(kLiveness, finished);
  if (!fault_.empty()) return fault_;
  for (const Flow& flow : flows_)
    if (std::string fault = check(flow); !fault.empty()) return fault;
  network_.run_for(kAtRest);
  return check_at_rest();
}

std::string Swarm::check(const Flow& flow) const {
  for (const Talker* talker : {&flow.caller, &flow.answerer})
    if (!talker->fault().empty()) return talker->fault();
  const std::string who = fmt::format("flow {} -> {}: ", flow.client.host->address.text(),
                                      flow.server.host->address.text());
  if (!over(flow))
    return who + fmt::format("not over: {} of {} octets forth, {} of {} back; {}; {}",
                             flow.forth.read, flow.caller.total(), flow.back.read,
                             flow.answerer.total(), flow.caller.describe(),
                             flow.answerer.describe());
  // With cookies, a first segment that is lost or overtaken makes the next one a stranger.
  const bool by_design =
      flow.caller.breaks_off() || flow.answerer.breaks_off() || flow.server.cookies;
  if (by_design || !flow.caller.opened()) return {};
  for (const Talker* talker : {&flow.caller, &flow.answerer})
    if (talker->failure()) return who + "broke: " + net::describe(*talker->failure());
  if (flow.forth.read != flow.caller.total() || flow.back.read != flow.answerer.total())
    return who + fmt::format("ended with {} of {} octets forth, {} of {} back", flow.forth.read,
                             flow.caller.total(), flow.back.read, flow.answerer.total());
  return {};
}

// Everything is home: control blocks, TIME-WAIT, packets, timers.
std::string Swarm::check_at_rest() const {
  for (const Link& link : links_) {
    const Host& host = *link.host;
    const StackCounters counters = stack_counters(*host.stack);
    const std::string who = host.address.text() + ": ";
    if (host.stack->open_connections() + counters.half_open + counters.time_wait > 0)
      return who + fmt::format("{} connections, {} half open, {} in TIME-WAIT are left",
                               host.stack->open_connections(), counters.half_open,
                               counters.time_wait);
    if (!host.port.all_home()) return who + "packets are missing";
    if (host.stack->next_deadline() != Instant::never()) return who + "a timer is set";
  }
  return {};
}

std::string Swarm::describe() const {
  std::string text = fmt::format("{} hosts, {} flows, cuts every {} ms\n", links_.size(),
                                 flows_.size(), mean_cut_.ms());
  for (const Link& link : links_) {
    const WireOptions& wire = link.faults;
    text += fmt::format(
        "  {}: {} packets, delay {} us, jitter {} us, reorder {}, loss {}, bursts {}, "
        "duplicate {}, corrupt {}, {} bit/s, queue {}\n",
        link.host->address.text(), link.host->port.pool().capacity(), wire.delay.us(),
        wire.jitter.us(), wire.reorder, wire.loss, wire.burst.begins, wire.duplicate, wire.corrupt,
        wire.bits_per_second, wire.queue_octets);
  }
  return text;
}

}  // namespace sluice::net::test
