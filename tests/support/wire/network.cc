#include "tests/support/wire/network.h"

#include <algorithm>

#include "engine/net/wire/byte_order.h"

namespace sluice::net::test {
namespace {

constexpr Duration kShortestStep = microseconds(10);
constexpr Duration kLongestStep = milliseconds(500);

MacAddress mac_of(std::uint32_t number) {
  return {2, 0, 0, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
}

}  // namespace

Host::Host(Timeline& timeline, std::uint32_t number, std::size_t packets)
    : address(IpAddress::from_v4(0x0a000000 + number)),
      address_v6{{0xfd}},
      port(timeline, mac_of(number), packets) {
  store32(address_v6.octets.data() + 12, number);
}

void Host::start(StackOptions options, Instant now) {
  options.addresses = {Prefix{address, 8}, Prefix{address_v6, 64}};
  stack = make_stack(options, port, now);
}

void Host::turn(Instant now) {
  port.release_sent();
  stack->poll(now);
  const Instant wanted = work();
  stack->flush(now);
  due_ = std::min({wanted, stack->next_deadline(), port.next_release()});
}

Host& Network::add_host(const StackOptions& options, std::size_t packets,
                        const PortCapabilities& offers) {
  Host& host =
      hosts_.emplace_back(timeline, static_cast<std::uint32_t>(hosts_.size() + 1), packets);
  host.port.offer(offers);
  StackOptions seeded = options;
  seeded.seed = random.next();
  host.start(seeded, now());
  return host;
}

void Network::connect(Host& a, Host& b, const WireOptions& options) {
  for (auto [from, to] : {std::pair{&a, &b}, std::pair{&b, &a}}) {
    Path& path = add_path(options);
    from->port.feed(path);
    path.feed(to->port);
  }
}

void Network::step() {
  Instant next = timeline.next();
  for (const Host& host : hosts_) next = std::min(next, host.due_);
  timeline.advance(std::clamp(next, now() + kShortestStep, now() + kLongestStep));
  for (Host& host : hosts_)
    if (host.port.has_arrived() || host.due_ <= now()) host.turn(now());
}

}  // namespace sluice::net::test
