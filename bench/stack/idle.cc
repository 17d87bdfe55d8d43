// What idle connections cost in memory: a server stack full of established connections whose peers
// exist only as packets, so that all memory is the server's.
#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>

#include "bench/stack/link.h"
#include "bench/stack/segments.h"

namespace sluice::bench {
namespace {

constexpr std::uint32_t kFirstPeer = 0x0a000000;  // 10.0.0.0
constexpr std::uint32_t kPortsPerPeer = 50'000;
constexpr std::uint32_t kBatch = 64;  // connections between two looks at the accept queue
constexpr std::uint32_t kPeerIss = 1'000;

// Octets of this process in memory, without what is mapped from files.
std::uint64_t resident_bytes() {
  unsigned long size = 0, resident = 0, shared = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr || std::fscanf(file, "%lu %lu %lu", &size, &resident, &shared) != 3)
    give_up("/proc/self/statm cannot be read");
  std::fclose(file);
  return (resident - shared) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

class Server {
 public:
  explicit Server(const StackLibrary& library) : link_(library, ""), listener_(link_.listen()) {}

  void open(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = first; i < first + count; ++i) give(make_syn(peer(i), kPeerIss));
    answer();
    while (link_.library().accept(link_.server(), listener_, nullptr, nullptr) >= 0) ++accepted_;
    link_.pass_time(1'000'000);
    answer();
  }
  std::uint32_t accepted() const { return accepted_; }
  slt_stats stats() const { return stats_of(link_.library(), link_.server()); }

 private:
  static Peer peer(std::uint32_t i) {
    return {kFirstPeer + 1 + i / kPortsPerPeer,
            static_cast<std::uint16_t>(1'024 + i % kPortsPerPeer)};
  }
  void give(const std::vector<std::uint8_t>& packet) {
    link_.library().input(link_.server(), packet.data(), packet.size());
  }
  // Completes each handshake.
  void answer() {
    std::array<std::uint8_t, 2'048> packet;
    for (ssize_t length; (length = link_.library().output(link_.server(), packet.data(),
                                                          packet.size(), nullptr)) > 0;) {
      if (const auto ack = answer_syn_ack({packet.data(), static_cast<std::size_t>(length)}))
        give(*ack);
    }
  }

  Link link_;
  int listener_;
  std::uint32_t accepted_ = 0;
};

int run(const std::string& path, std::uint32_t connections) {
  auto library = load_library(path);
  if (!library) give_up(library.error());
  const std::uint64_t empty_process = resident_bytes();
  Server server(*library);
  const std::uint64_t before = resident_bytes();
  for (std::uint32_t i = 0; i < connections; i += kBatch)
    server.open(i, std::min(kBatch, connections - i));
  malloc_trim(0);
  const std::uint64_t grown = resident_bytes() - before;
  const slt_stats stats = server.stats();
  if (server.accepted() != connections || stats.tcbs < connections)
    give_up("only " + std::to_string(server.accepted()) +
            " connections were accepted, the stack has " + std::to_string(stats.tcbs));
  std::printf("%s: %u idle connections\n", library->name.c_str(), connections);
  std::printf("  the stack counts    %8.1f MiB, %6.0f octets each\n",
              static_cast<double>(stats.bytes_held) / (1 << 20),
              static_cast<double>(stats.bytes_held) / connections);
  std::printf("  the process grew by %8.1f MiB, %6.0f octets each\n",
              static_cast<double>(grown) / (1 << 20), static_cast<double>(grown) / connections);
  std::printf("  and holds in all    %8.1f MiB (%.1f before the stack was opened)\n",
              static_cast<double>(before + grown) / (1 << 20),
              static_cast<double>(empty_process) / (1 << 20));
  std::printf("  timers armed %u, packets held %u\n", stats.timers_armed, stats.packet_buffers);
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  std::string library;
  std::uint32_t connections = 200'000;
  CLI::App app("Memory of idle connections", "idle_bench");
  app.add_option("library", library, "shared library with the interface")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--connections", connections, "how many")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  CLI11_PARSE(app, argc, argv);
  return sluice::bench::run(library, connections);
}
