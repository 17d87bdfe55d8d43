// What a SYN costs, from the frame in memory to the end of it, through the stack's own input: one
// that the block list refuses, by table, family, length of the list and mode, with sources spread
// over all of the list; and one of a flood, which is answered with a cookie.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "engine/base/random.h"
#include "engine/net/arena_pool.h"
#include "engine/net/dpdk/dpdk.h"
#include "engine/net/dpdk/fib_prefix_table.h"
#include "engine/net/range_prefix_table.h"
#include "engine/net/stack.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/ipv6.h"
#include "engine/net/wire/tcp.h"
#include "engine/net/wire/tcp_options.h"
#include "engine/worker/block_filter.h"

namespace sluice::net {
namespace {

constexpr std::size_t kFrames = 512;  // what the stack takes in one poll
constexpr MacAddress kMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kRouterMac{2, 0, 0, 0, 0, 2};
constexpr std::uint32_t kLongList = 200'000;
constexpr FibOptions kFib{.prefixes_max = kLongList, .groups = 262'144};

enum class Family { v4, v6 };

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
}

struct Ours {
  IpAddress host, router;
};
Ours ours(Family family) {
  if (family == Family::v4) return {IpAddress::from_v4(0x0a000001), IpAddress::from_v4(0x0a000002)};
  return {*IpAddress::parse("fd00::1"), *IpAddress::parse("fd00::2")};
}

// Network i of the list, with `host` in it: a /24 or /48 of its own.
IpAddress member(Family family, std::uint32_t i, std::uint8_t host) {
  if (family == Family::v4) return IpAddress::from_v4(0x10000000 + (i << 8) + host);
  IpAddress address = *IpAddress::parse("2400::");
  store32(&address.octets[2], i);
  address.octets[15] = host;
  return address;
}

// Two thirds are networks, the rest hosts (IPv4) and /64 (IPv6).
Prefix entry(Family family, std::uint32_t i) {
  const bool network = i % 3 != 0;
  if (family == Family::v4)
    return network ? Prefix{member(family, i, 0), 24} : Prefix{member(family, i, 7), 32};
  return {member(family, i, 0), static_cast<std::uint8_t>(network ? 48 : 64)};
}

// Frames that lie in memory when the stack asks for them.
class FramePort final : public Port {
 public:
  MacAddress mac() const noexcept override { return kMac; }
  std::uint16_t mtu() const noexcept override { return 1'500; }
  PortCapabilities capabilities() const noexcept override { return {}; }
  PacketPool& pool() noexcept override { return pool_; }
  std::size_t receive(std::span<Packet*> out) noexcept override {
    const std::size_t count = std::min(out.size(), kFrames - next_);
    std::copy_n(frames_.begin() + static_cast<std::ptrdiff_t>(next_), count, out.begin());
    next_ += count;
    return count;
  }
  std::size_t transmit(std::span<Packet*> frames) noexcept override {
    sent_ += frames.size();
    for (Packet* frame : frames) pool_.free(frame);
    return frames.size();
  }
  std::uint64_t sent() const { return sent_; }

  template <typename Source>
  void fill(const IpAddress& to, Source&& source) {
    next_ = 0;
    for (Packet*& frame : frames_) {
      frame = pool_.allocate();
      write_syn(*frame, source(), to);
    }
  }

 private:
  static void write_syn(Packet& frame, const IpAddress& from, const IpAddress& to) {
    std::uint8_t options[kTcpOptionsMax];
    const std::uint32_t options_length = write_tcp_options(options, {.mss = 1460,
                                                                     .has_window_shift = true,
                                                                     .window_shift = 7,
                                                                     .sack_permitted = true,
                                                                     .has_timestamps = true,
                                                                     .timestamp_value = 1,
                                                                     .sack = {}});
    const std::uint32_t tcp_length = kTcpHeaderLength + options_length;
    const bool v4 = from.is_v4();
    const std::uint32_t ip_length = v4 ? kIpv4HeaderLength : kIpv6HeaderLength;
    frame.length = kEthernetHeaderLength + ip_length + tcp_length;
    write_ethernet(frame.data, {kMac, kRouterMac, v4 ? kEtherTypeIpv4 : kEtherTypeIpv6});
    std::uint8_t* ip = frame.data + kEthernetHeaderLength;
    std::uint8_t* tcp = ip + ip_length;
    if (v4) {
      write_ipv4(ip, {.total_length = static_cast<std::uint16_t>(ip_length + tcp_length),
                      .protocol = kProtocolTcp,
                      .source = from.v4(),
                      .destination = to.v4()});
      fill_ipv4_checksum(ip);
    } else {
      write_ipv6(ip, {.payload_length = static_cast<std::uint16_t>(tcp_length),
                      .next_header = kProtocolTcp,
                      .source = from,
                      .destination = to});
    }
    write_tcp(tcp, {.source_port = 40'000,
                    .destination_port = 25,
                    .sequence = 1,
                    .header_length = static_cast<std::uint8_t>(tcp_length),
                    .flags = kSyn,
                    .window = 65'535});
    std::copy_n(options, options_length, tcp + kTcpHeaderLength);
    const std::uint16_t pseudo = pseudo_header_sum(from, to, kProtocolTcp, tcp_length);
    store_tcp_checksum(
        tcp, static_cast<std::uint16_t>(~checksum_add(pseudo, checksum_sum({tcp, tcp_length}))));
  }

  ArenaPool pool_{4 * kFrames};
  std::array<Packet*, kFrames> frames_{};
  std::size_t next_ = kFrames;
  std::uint64_t sent_ = 0;
};

// A stack with one neighbour, the router, whose address is known.
struct Host {
  Host(Family family, SynFilter* filter, SynCookies cookies)
      : to(ours(family).host),
        stack(make_stack(
            {.addresses = {{to, static_cast<std::uint8_t>(family == Family::v4 ? 24 : 64)}},
             .gateways = {ours(family).router},
             .seed = 1,
             .syn_backlog = 1,
             .window_scale = {},
             .syn_cookies = cookies,
             .syn_filter = filter},
            port, Instant{})) {
    require(stack->listen({to, 25}, 0).has_value(), "a listener");
  }
  // Returns the cycles of each frame.
  template <typename Source>
  double poll(Source&& source) {
    port.fill(to, source);
    const std::uint64_t start = __rdtsc();
    stack->poll(Instant{1});
    stack->flush(Instant{1});
    return static_cast<double>(__rdtsc() - start) / kFrames;
  }

  IpAddress to;
  FramePort port;
  std::unique_ptr<Transport> stack;
};

template <typename Source>
void measure(benchmark::State& state, Host& host, Source&& source) {
  std::vector<double> cycles;  // per frame, of each poll
  for (auto _ : state) cycles.push_back(host.poll(source));
  std::sort(cycles.begin(), cycles.end());
  state.counters["cycles_min"] = cycles.front();
  state.counters["cycles_median"] = cycles[cycles.size() / 2];
}

enum class Table { range, fib };

std::shared_ptr<PrefixTable> make_table(Table kind, const std::string& name) {
  if (kind == Table::range) return std::make_shared<RangePrefixTable>(kLongList);
  auto table = FibPrefixTable::create(name, kFib);
  require(table.has_value(), "a table");
  return std::move(*table);
}

struct Case {
  Table table;
  Family family;
  std::uint32_t prefixes;
  policy::BlockMode mode;
};

void refuse_syns(benchmark::State& state, const Case& what) {
  auto table = make_table(what.table, "bench");
  for (std::uint32_t i = 0; i < what.prefixes; ++i)
    require(table->insert(entry(what.family, i), policy::BlockValue{i, what.mode}.packed()),
            "room for every prefix");
  table->commit();
  worker::BlockFilter filter(table, kLongList);
  Host host(what.family, &filter, SynCookies::on);
  Random random(1);
  measure(state, host, [&] {
    return member(what.family, static_cast<std::uint32_t>(random.below(what.prefixes)), 7);
  });
  const bool refused = what.mode != policy::BlockMode::refuse;
  const StackCounters counters = stack_counters(*host.stack);
  require(counters.syns_refused == (refused ? counters.packets_in : 0), "every SYN is refused");
  require(host.stack->open_connections() == 0, "no state");
}

void answer_with_cookie(benchmark::State& state, Family family) {
  Host host(family, nullptr, SynCookies::on);
  Random random(1);
  measure(state, host,
          [&] { return member(family, static_cast<std::uint32_t>(random.below(1 << 20)), 7); });
  const StackCounters counters = stack_counters(*host.stack);
  require(counters.syn_cookies_sent == counters.packets_in, "every SYN is answered");
}

// rte_fib6 counts five groups for each of so many /64 without a common parent, 1 KiB each.
bool fits(Table table, Family family, std::uint32_t prefixes) {
  return table == Table::range || family == Family::v4 || prefixes < kLongList;
}

void register_all() {
  const auto name_of = [](Family family) { return family == Family::v4 ? "v4" : "v6"; };
  for (const Table table : {Table::range, Table::fib})
    for (const std::uint32_t prefixes : {10u, kLongList})
      for (const Family family : {Family::v4, Family::v6})
        for (const auto mode :
             {policy::BlockMode::drop, policy::BlockMode::reset, policy::BlockMode::refuse}) {
          if (!fits(table, family, prefixes)) continue;
          benchmark::RegisterBenchmark(
              fmt::format("{}/{}/{}/{}", table == Table::range ? "range" : "fib", prefixes,
                          name_of(family), policy::block_mode_text(mode))
                  .c_str(),
              [=](benchmark::State& state) {
                refuse_syns(state, {table, family, prefixes, mode});
              });
        }
  for (const Family family : {Family::v4, Family::v6})
    benchmark::RegisterBenchmark(
        fmt::format("cookie/{}", name_of(family)).c_str(),
        [=](benchmark::State& state) { answer_with_cookie(state, family); });
}

}  // namespace
}  // namespace sluice::net

int main(int argc, char** argv) {
  using namespace sluice::net;
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.table_bytes = FibPrefixTable::bytes_needed(kFib);
  options.memory_mib = 64 + static_cast<std::uint32_t>(options.table_bytes >> 20);
  const auto dpdk = Dpdk::start(options);
  require(dpdk.has_value(), "DPDK starts");
  register_all();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
