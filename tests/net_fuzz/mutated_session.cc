#include "tests/net_fuzz/mutated_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/contract.h"

namespace sluice::net::test {
namespace {

constexpr std::uint16_t kPort = 25;
constexpr std::size_t kPackets = 768;
constexpr std::size_t kOpenMax = 6;  // connections that one side opens at once
constexpr Duration kTimeWait = seconds(5);
constexpr Duration kUserTimeout = seconds(20);
// The user timeout is looked at when a retransmission is due, which may be a minute later; a SYN is
// repeated for little more than a minute.
constexpr Duration kAtRest = minutes(4);

IpAddress address_v6(std::uint8_t side) {
  IpAddress address{{0xfd}};
  address.octets[15] = side;
  return address;
}

void draw_options(StackOptions& options, Random& random) {
  const std::uint8_t side = options.addresses[0].address.octets[15];
  options.addresses.push_back(Prefix{address_v6(side), 64});
  options.connections_max = 16;
  options.syn_backlog = 4;
  options.listen_backlog = 8;
  options.time_wait = kTimeWait;
  options.user_timeout = kUserTimeout;
  options.receive_window = 2'048u << random.below(8);
  options.send_buffer = 2'048u << random.below(8);
  options.syn_cookies = static_cast<SynCookies>(random.below(3));
  options.congestion_control = static_cast<CongestionControl>(random.below(3));
  options.keep_alive = random.chance(0.3) ? seconds(5) : Duration{};
  for (bool* flag :
       {&options.sack, &options.timestamps, &options.rack, &options.tlp, &options.quick_ack})
    *flag = random.chance(0.8);
  options.ecn = random.chance(0.5);
}

}  // namespace

MutatedSession::MutatedSession(std::uint64_t seed, Choices& choices)
    : choices_(choices),
      world_(
          seed, {.delay = microseconds(static_cast<std::int64_t>(20 + seed % 5'000))},
          [random = Random(seed)](StackOptions& options) mutable { draw_options(options, random); },
          kPackets),
      from_a_(world_.wire.timeline(), choices, flow_, world_.wire.port(0)),
      from_b_(world_.wire.timeline(), choices, flow_, world_.wire.port(1)),
      a_{world_.a.get(), {{IpAddress::from_v4(kAddressB), kPort}, {address_v6(2), kPort}}, {}},
      b_{world_.b.get(), {{IpAddress::from_v4(kAddressA), kPort}, {address_v6(1), kPort}}, {}} {
  // From hardly any honest exchange to one that gets far before something happens to it.
  constexpr std::uint32_t kRates[] = {2, 3, 8, 30, 100};
  from_a_.one_in = from_b_.one_in = kRates[seed % std::size(kRates)];
  world_.wire.insert(0, from_a_);
  world_.wire.insert(1, from_b_);
  for (Side* side : {&a_, &b_}) SLUICE_ASSERT(side->stack->listen({IpAddress{}, kPort}, 1));
}

void MutatedSession::step() {
  world_.round([this] {
    for (Side* side : {&a_, &b_}) work(*side);
  });
  if (choices_.one_in(64)) world_.now = world_.now + milliseconds(choices_.below(8'192));
}

void MutatedSession::work(Side& side) {
  take_ready(side);
  act(side);
}

void MutatedSession::take_ready(Side& side) {
  while (Connection* connection = side.stack->next_ready()) {
    if (connection->owner == 0) side.open.push_back(connection);
    connection->owner = 1;
  }
}

// Mostly reads and writes; now and then something is opened or ends.
void MutatedSession::act(Side& side) {
  if (side.open.size() < kOpenMax && choices_.one_in(side.open.empty() ? 2 : 50)) {
    const auto opened = side.stack->connect(side.remotes[choices_.below(2)], 1);
    if (opened) side.open.push_back(*opened);
  }
  for (std::size_t i = side.open.size(); i > 0; --i) act_on(side, i - 1);
}

void MutatedSession::act_on(Side& side, std::size_t index) {
  Connection& connection = *side.open[index];
  if (connection.state() == Connection::State::failed) return let_go(side, index);
  switch (choices_.below(64)) {
    case 63: return let_go(side, index);  // RST, or alone after FIN
    case 62: connection.close(); break;
    case 61: connection.abort(); return let_go(side, index);
    case 60: return;  // does not read
    default: break;
  }
  while (!connection.readable().empty()) connection.consume(connection.readable().size());
  static constexpr std::array<std::uint8_t, 6'000> kOctets{};
  if (choices_.one_in(4)) connection.write({kOctets.data(), choices_.below(kOctets.size())});
  if (connection.read_finished() && choices_.one_in(4)) let_go(side, index);
}

void MutatedSession::let_go(Side& side, std::size_t index) {
  Connection* connection = side.open[index];
  side.open.erase(side.open.begin() + static_cast<std::ptrdiff_t>(index));
  if (choices_.one_in(2)) connection->close();
  side.stack->release(*connection);
}

std::string MutatedSession::end() {
  from_a_.active = from_b_.active = false;
  const auto let_all_go = [this] {
    for (Side* side : {&a_, &b_}) {
      take_ready(*side);
      while (!side->open.empty()) let_go(*side, side->open.size() - 1);
    }
  };
  const Instant end = world_.now + kAtRest;
  while (world_.now < end) world_.round(let_all_go, milliseconds(500));
  for (const int number : {0, 1})
    if (std::string fault = left_over(number); !fault.empty()) return fault;
  return {};
}

std::string MutatedSession::left_over(int number) {
  const Transport& stack = *(number == 0 ? a_ : b_).stack;
  const StackCounters counters = stack_counters(stack);
  const SimPort& port = world_.wire.port(number);
  const auto who = fmt::format("stack {}: ", number);
  if (stack.open_connections() + counters.half_open + counters.time_wait > 0)
    return who + fmt::format("{} connections, {} half open, {} in TIME-WAIT",
                             stack.open_connections(), counters.half_open, counters.time_wait);
  if (!port.all_home()) return who + "packets are missing";
  if (stack.next_deadline() != Instant::never()) return who + "a timer is set";
  return {};
}

}  // namespace sluice::net::test
