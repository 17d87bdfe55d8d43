// What a SYN costs that the block list refuses: from the frame in memory to the drop, through the
// stack's own input, with 200,000 prefixes in DPDK's tables and sources spread over all of them.
#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "engine/base/random.h"
#include "engine/net/arena_pool.h"
#include "engine/net/dpdk/dpdk.h"
#include "engine/net/dpdk/fib_prefix_table.h"
#include "engine/net/hash_prefix_table.h"
#include "engine/net/stack.h"
#include "engine/net/wire/ethernet.h"
#include "engine/net/wire/ipv4.h"
#include "engine/net/wire/tcp.h"
#include "engine/worker/block_filter.h"

namespace sluice::net {
namespace {

constexpr std::uint32_t kOurs = 0x0a000001;
constexpr std::size_t kFrames = 512;      // what the stack takes in one poll
constexpr std::uint32_t kTcpLength = 40;  // with the options of a SYN
constexpr MacAddress kMac{2, 0, 0, 0, 0, 1};
constexpr FibOptions kFib{.prefixes_max = 200'000, .groups = 131'072};

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(1);
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
    for (Packet* frame : frames) pool_.free(frame);
    return frames.size();
  }

  template <typename Source>
  void fill(Source&& source) {
    next_ = 0;
    for (Packet*& frame : frames_) {
      frame = pool_.allocate();
      write_syn(*frame, source());
    }
  }

 private:
  static void write_syn(Packet& frame, std::uint32_t source) {
    frame.length = kEthernetHeaderLength + kIpv4HeaderLength + kTcpLength;
    write_ethernet(frame.data, {kMac, {2, 0, 0, 0, 0, 2}, kEtherTypeIpv4});
    std::uint8_t* ip = frame.data + kEthernetHeaderLength;
    write_ipv4(ip, {.total_length = kIpv4HeaderLength + kTcpLength,
                    .protocol = kProtocolTcp,
                    .source = source,
                    .destination = kOurs});
    fill_ipv4_checksum(ip);
    write_tcp(ip + kIpv4HeaderLength, {.source_port = 40'000,
                                       .destination_port = 25,
                                       .sequence = 1,
                                       .header_length = kTcpLength,
                                       .flags = kSyn,
                                       .window = 65'535});
  }

  ArenaPool pool_{4 * kFrames};
  std::array<Packet*, kFrames> frames_{};
  std::size_t next_ = kFrames;
};

// 200,000 networks: two thirds /24, the rest /32 in other networks.
std::uint32_t network(std::uint32_t i) { return 0x10000000 + (i << 8); }

std::shared_ptr<PrefixTable> fill_table(std::shared_ptr<PrefixTable> table) {
  for (std::uint32_t i = 0; i < kFib.prefixes_max; ++i) {
    const policy::BlockValue value{i, policy::BlockMode::drop};
    const Prefix prefix = i % 3 != 0 ? Prefix{IpAddress::from_v4(network(i)), 24}
                                     : Prefix{IpAddress::from_v4(network(i) + 7), 32};
    require(table->insert(prefix, value.packed()), "room for every prefix");
  }
  return table;
}

std::shared_ptr<PrefixTable> make_fib() {
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.table_bytes = FibPrefixTable::bytes_needed(kFib);
  options.memory_mib = 64 + static_cast<std::uint32_t>(options.table_bytes >> 20);
  static auto dpdk = Dpdk::start(options);
  require(dpdk.has_value(), "DPDK starts");
  auto table = FibPrefixTable::create("bench", kFib);
  require(table.has_value(), "a table");
  return fill_table(std::move(*table));
}

void refuse_syns(benchmark::State& state, const std::shared_ptr<PrefixTable>& table) {
  worker::BlockFilter filter(table, kFib.prefixes_max);
  FramePort port;
  const auto stack = make_stack({.addresses = {{IpAddress::from_v4(kOurs), 24}},
                                 .gateways = {},
                                 .seed = 1,
                                 .window_scale = {},
                                 .syn_filter = &filter},
                                port, Instant{});
  Random random(1);
  std::vector<double> cycles;  // per frame, of each poll
  std::uint64_t frames = 0;
  for (auto _ : state) {
    state.PauseTiming();
    port.fill([&] { return network(static_cast<std::uint32_t>(random.below(200'000))) + 7; });
    state.ResumeTiming();
    const std::uint64_t start = __rdtsc();
    stack->poll(Instant{});
    cycles.push_back(static_cast<double>(__rdtsc() - start) / kFrames);
    frames += kFrames;
  }
  require(stack_counters(*stack).syns_refused == frames, "every SYN is refused");
  require(stack->open_connections() == 0, "no state");
  std::sort(cycles.begin(), cycles.end());
  state.counters["cycles_min"] = cycles.front();
  state.counters["cycles_median"] = cycles[cycles.size() / 2];
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
}

void refuse_by_fib(benchmark::State& state) {
  static const auto table = make_fib();
  refuse_syns(state, table);
}
BENCHMARK(refuse_by_fib);

void refuse_by_hash(benchmark::State& state) {
  static const auto table = fill_table(std::make_shared<HashPrefixTable>(kFib.prefixes_max));
  refuse_syns(state, table);
}
BENCHMARK(refuse_by_hash);

}  // namespace
}  // namespace sluice::net

BENCHMARK_MAIN();
