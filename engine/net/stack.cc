#include "engine/net/stack.h"

#include <algorithm>

#include "engine/base/random.h"
#include "engine/net/ip_input.h"
#include "engine/net/syn_gate.h"

namespace sluice::net {
namespace {

constexpr std::size_t kReceiveBurst = 32;        // frames
constexpr std::size_t kReceivePerPollMax = 512;  // frames; the rest waits in the device

class Stack final : public Transport {
 public:
  Stack(const StackOptions& options, Port& port, Instant now, Port* exception)
      : port_(port),
        ethernet_(port.capabilities().ethernet),
        random_(options.seed),
        wheel_(now),
        tx_(port, counters_),
        link_(port, tx_, options.vlan),
        addresses_(options, port),
        neighbors_(link_, wheel_, random_),
        routes_(options, port, neighbors_),
        conflicts_(addresses_, link_, wheel_, random_, counters_, options.detect_conflicts),
        groups_(addresses_, link_, wheel_, random_, port.pool()),
        routers_(addresses_, neighbors_, routes_, conflicts_, groups_, link_, wheel_, port.mtu(),
                 options.router_advertisements),
        ip_(port, link_, neighbors_, addresses_, routes_, routers_, random_.next()),
        tcp_(options, port, ip_, tx_, wheel_, counters_, random_, now),
        udp_(options, port, ip_, random_, counters_),
        icmp_(ip_, addresses_, tcp_, udp_, counters_),
        arp_(addresses_, neighbors_, conflicts_, link_),
        nd_(addresses_, neighbors_, routes_, conflicts_, routers_, link_),
        exception_(exception, tx_),
        input_(options, port, addresses_, {arp_, nd_, groups_, icmp_, tcp_, udp_, exception_},
               counters_),
        gate_(options, port, addresses_, tcp_, exception_.enabled(), counters_) {
    groups_.joined(now);
    conflicts_.start_all(now);
    routers_.start(now);
  }

  std::expected<void, NetError> listen(Endpoint local, std::uint32_t tag) override {
    return tcp_.listen(local, tag);
  }
  void stop_listening() noexcept override { tcp_.stop_listening(); }
  std::expected<Connection*, NetError> connect(Endpoint remote, std::uint64_t owner) override {
    return tcp_.connect(remote, owner);
  }

  std::size_t poll(Instant now) noexcept override;
  Connection* next_ready() noexcept override { return tcp_.next_ready(); }
  void requeue(Connection& connection) noexcept override { tcp_.mark_ready(tcb(connection)); }
  void flush(Instant now) noexcept override;
  void release(Connection& connection) noexcept override { tcp_.release(tcb(connection)); }

  Instant next_deadline() const noexcept override;
  int wait_descriptor() const noexcept override { return -1; }
  std::size_t open_connections() const noexcept override { return tcp_.open_connections(); }

  StackCounters counters() const noexcept;
  tcp::Tcp& tcp() noexcept { return tcp_; }
  Udp& udp() noexcept { return udp_; }

 private:
  void set_now(Instant now) noexcept {
    now_ = now;
    tcp_.set_now(now);
    udp_.set_now(now);
  }
  static tcp::Tcb& tcb(Connection& connection) noexcept {
    return static_cast<tcp::Tcb&>(connection);
  }

  Port& port_;
  const bool ethernet_;
  StackCounters counters_;
  Random random_;
  TimerWheel wheel_;
  TxQueue tx_;
  LinkOutput link_;
  AddressTable addresses_;
  NeighborCache neighbors_;
  RouteTable routes_;
  ConflictDetector conflicts_;
  MulticastListener groups_;
  RouterDiscovery routers_;
  IpOutput ip_;
  mutable tcp::Tcp tcp_;
  Udp udp_;
  Icmp icmp_;
  Arp arp_;
  NeighborDiscovery nd_;
  ExceptionPath exception_;
  IpInput input_;
  SynGate gate_;
  Instant now_{};
};

std::size_t Stack::poll(Instant now) noexcept {
  set_now(now);
  std::size_t work = wheel_.advance(now);
  work += tcp_.expire_time_wait();
  input_.expire(now);
  std::array<Packet*, kReceiveBurst> burst;
  for (std::size_t received = 0; received < kReceivePerPollMax;) {
    const std::size_t count = port_.receive(burst);
    const std::size_t admitted = gate_.pass({burst.data(), count});
    for (std::size_t i = 0; i < admitted; ++i) {
      if (i + 1 < admitted) __builtin_prefetch(burst[i + 1]->data);
      if (ethernet_) {
        input_.frame_in(PacketPtr(burst[i]), now);
      } else {
        input_.packet_in(PacketPtr(burst[i]), now);
      }
    }
    received += count;
    work += count;
    if (count < burst.size()) break;
  }
  work += exception_.poll();
  return work + tcp_.wake_starved();
}

void Stack::flush(Instant now) noexcept {
  set_now(now);
  tcp_.flush();
  tx_.flush();
  exception_.flush();
}

Instant Stack::next_deadline() const noexcept {
  if (tcp_.has_ready() || tcp_.has_output() || !tx_.empty()) return now_;
  return std::min({tcp_.next_timer(), tcp_.next_time_wait(), input_.next_expiry()});
}

StackCounters Stack::counters() const noexcept {
  StackCounters counters = counters_;
  counters.connections = tcp_.open_connections();
  counters.half_open = tcp_.half_open();
  counters.time_wait = tcp_.in_time_wait();
  counters.to_kernel = exception_.given();
  counters.from_kernel = exception_.taken();
  return counters;
}

}  // namespace

std::unique_ptr<Transport> make_stack(const StackOptions& options, Port& port, Instant now,
                                      Port* exception) {
  return std::make_unique<Stack>(options, port, now, exception);
}

tcp::Tcp& tcp_of(Transport& stack) { return static_cast<Stack&>(stack).tcp(); }

DatagramTransport& datagrams_of(Transport& stack) { return static_cast<Stack&>(stack).udp(); }

StackCounters stack_counters(const Transport& stack) {
  return static_cast<const Stack&>(stack).counters();
}

}  // namespace sluice::net
