// The engine's own TCP/IP over a DPDK device as a program, for the tests that put a real peer at
// the other end of the wire.
//
//   net_peer serve DEVICE ADDRESS/LENGTH PORT WORKERS [CAPTURE]   echoes until its input ends
//   net_peer fetch DEVICE ADDRESS/LENGTH SERVER:PORT CONNECTIONS OCTETS
//
// `serve` prints "ready" when it can be connected to. Both print their counters at the end and exit
// with 0 only when every packet is back in its pool (and, for `fetch`, every octet came back).
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/stack.h"

namespace {

using namespace sluice;
using namespace sluice::net;

constexpr Duration kFetchLimit = seconds(60);
constexpr std::uint32_t kPackets = 8'191;

struct Setting {
  std::string device;
  Prefix address;
  unsigned workers = 1;
  std::string capture;
};

std::unique_ptr<Dpdk> start(const Setting& setting) {
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.memory_mib = 64 + 24 * setting.workers;
  options.workers = setting.workers;
  options.ports = {
      {.name = "mx0", .device = setting.device, .packets = kPackets, .capture = setting.capture}};
  auto dpdk = Dpdk::start(options);
  if (!dpdk) {
    fmt::print(stderr, "{}\n", dpdk.error());
    std::exit(1);
  }
  return std::move(*dpdk);
}

std::unique_ptr<Transport> stack_of(const Setting& setting, Dpdk& dpdk, unsigned worker) {
  StackOptions options;
  options.addresses = {setting.address};
  options.seed = 0x5eed + worker;
  options.connections_max = 1'024;
  options.time_wait = seconds(1);
  return make_stack(options, dpdk.port(0, worker), SystemClock().now());
}

// One turn of a worker; lets others run when there was nothing to do.
template <typename OnReady>
void turn(Transport& stack, OnReady&& on_ready) {
  const Instant now = SystemClock().now();
  const std::size_t work = stack.poll(now);
  while (Connection* ready = stack.next_ready()) on_ready(*ready);
  stack.flush(now);
  if (work == 0) std::this_thread::yield();
}

void print_counters(const Transport& stack) {
  const StackCounters counters = stack_counters(stack);
  fmt::print("segments in {} out {} retransmitted {} malformed {} resets {}\n",
             counters.segments_in, counters.segments_out, counters.segments_retransmitted,
             counters.dropped_malformed, counters.resets_out);
}

int stop(Dpdk& dpdk, const Setting& setting) {
  for (unsigned worker = 0; worker < setting.workers; ++worker) {
    const DpdkCounters counters = dpdk.counters(0, worker);
    fmt::print("worker {} received {} transmitted {} given {} lost {}\n", worker, counters.received,
               counters.transmitted, counters.given,
               counters.dropped_exchange_full + counters.dropped_no_packet +
                   counters.dropped_segmented + counters.dropped_refused);
  }
  const std::size_t missing = dpdk.stop();
  fmt::print("packets missing {}\n", missing);
  return missing == 0 ? 0 : 1;
}

void echo(Transport& stack, Connection& connection) {
  while (!connection.readable().empty()) {
    const std::size_t taken = connection.write(connection.readable());
    if (taken == 0) return;
    connection.consume(taken);
  }
  if (connection.read_finished() || connection.state() == Connection::State::failed) {
    connection.close();
    stack.release(connection);
  }
}

int serve(const Setting& setting, std::uint16_t port) {
  auto dpdk = start(setting);
  std::atomic<bool> stopping{false};
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < setting.workers; ++worker) {
    threads.emplace_back([&, worker] {
      dpdk->enter_worker(worker);
      {
        auto stack = stack_of(setting, *dpdk, worker);
        if (!stack->listen({setting.address.address, port}, 1)) std::abort();
        while (!stopping.load(std::memory_order_relaxed))
          turn(*stack, [&](Connection& connection) { echo(*stack, connection); });
        print_counters(*stack);
      }
      dpdk->leave_worker(worker);
    });
  }
  for (const DpdkPortFacts& facts : dpdk->facts())
    fmt::print("driver {} steering {} offloads {}\n", facts.driver, facts.steering, facts.offloads);
  fmt::print("ready\n");
  std::fflush(stdout);
  char octet;
  while (read(0, &octet, 1) > 0 || errno == EINTR) errno = 0;  // net_tap signals each packet
  stopping = true;
  for (std::thread& thread : threads) thread.join();
  return stop(*dpdk, setting);
}

struct Fetch {
  Connection* connection = nullptr;
  std::size_t written = 0, got = 0;
  bool done = false;
};

std::uint8_t octet_at(std::size_t fetch, std::size_t offset) {
  return static_cast<std::uint8_t>(offset * 31 + (offset >> 9) + fetch * 7);
}

// Returns false when the connection failed or an octet came back changed.
bool advance(Fetch& fetch, std::size_t index, std::size_t octets) {
  Connection& connection = *fetch.connection;
  if (connection.state() == Connection::State::failed) {
    fmt::print(stderr, "connection {}: {}\n", index, describe(connection.error()));
    return false;
  }
  std::array<std::uint8_t, 4'096> chunk;
  for (std::size_t taken = 1; fetch.written < octets && taken > 0; fetch.written += taken) {
    const std::size_t size = std::min(chunk.size(), octets - fetch.written);
    for (std::size_t i = 0; i < size; ++i) chunk[i] = octet_at(index, fetch.written + i);
    taken = connection.write({chunk.data(), size});
  }
  while (!connection.readable().empty()) {
    const ByteView view = connection.readable();
    for (const std::uint8_t octet : view)
      if (octet != octet_at(index, fetch.got++)) return false;
    connection.consume(view.size());
  }
  return true;
}

int fetch(const Setting& setting, const Endpoint& server, std::size_t count, std::size_t octets) {
  auto dpdk = start(setting);
  dpdk->enter_worker(0);
  auto stack = stack_of(setting, *dpdk, 0);
  std::vector<Fetch> fetches(count);
  for (std::size_t i = 0; i < count; ++i)
    fetches[i].connection = stack->connect(server, i + 1).value();
  const Instant limit = SystemClock().now() + kFetchLimit;
  bool good = true;
  std::size_t done = 0;
  while (good && done < count && SystemClock().now() < limit) {
    turn(*stack, [&](Connection& connection) {
      Fetch& fetch = fetches[connection.owner - 1];
      good = good && advance(fetch, connection.owner - 1, octets);
      if (fetch.got < octets || fetch.done) return;
      fetch.done = true;
      ++done;
      connection.close();
      stack->release(connection);
    });
  }
  for (int i = 0; i < 2'000; ++i) turn(*stack, [](Connection&) {});  // the last FINs and ACKs
  fmt::print("fetched {} of {} connections, {} octets each\n", done, count, octets);
  print_counters(*stack);
  stack.reset();
  dpdk->leave_worker(0);
  const int status = stop(*dpdk, setting);
  return good && done == count ? status : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 5) return 2;
  Setting setting{.device = arguments[1], .address = Prefix::parse(arguments[2]).value()};
  if (arguments[0] == "fetch")
    return fetch(setting, Endpoint::parse(arguments[3]).value(), std::stoul(arguments[4]),
                 std::stoul(arguments.at(5)));
  setting.workers = static_cast<unsigned>(std::stoul(arguments[4]));
  if (arguments.size() > 5) setting.capture = arguments[5];
  return serve(setting, static_cast<std::uint16_t>(std::stoul(arguments[3])));
}
