#include "bench/stack/link.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sluice::bench {
namespace {

constexpr std::uint64_t kDrainNs = 300'000'000'000;  // longer than twice any stack's MSL
constexpr int kListenBacklog = 4'096;

slt_stack* open_stack(const StackLibrary& library, const char* address, std::uint64_t seed,
                      std::uint64_t now_ns, const std::string& options) {
  const char* addresses[] = {address, nullptr};
  const slt_config config{.abi_version = SLT_ABI_VERSION,
                          .struct_size = sizeof config,
                          .start_ns = now_ns,
                          .seed = seed,
                          .mtu = 1500,
                          .reserved = 0,
                          .addrs = addresses,
                          .options = options.c_str()};
  char error[256] = "";
  slt_stack* stack = library.open(&config, error, sizeof error);
  if (stack == nullptr) give_up(library.name + ": " + error);
  return stack;
}

}  // namespace

void give_up(const std::string& what) {
  std::fprintf(stderr, "error: %s\n", what.c_str());
  std::exit(1);
}

sockaddr_in socket_address(const char* address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, address, &out.sin_addr);
  return out;
}

slt_stats stats_of(const StackLibrary& library, const slt_stack* stack) {
  slt_stats stats{};
  stats.struct_size = sizeof stats;
  library.stats_get(stack, &stats);
  return stats;
}

Link::Link(const StackLibrary& library, const std::string& options)
    : library_(library),
      client_(open_stack(library, kClientAddress, 1, now_ns_, options)),
      server_(open_stack(library, kServerAddress, 2, now_ns_, options)) {}

Link::~Link() {
  library_.close_stack(client_);
  library_.close_stack(server_);
}

bool Link::carry(slt_stack* from, slt_stack* to) {
  bool any = false;
  std::uint64_t when_ns = 0;
  for (ssize_t length;
       (length = library_.output(from, packet_.data(), packet_.size(), &when_ns)) > 0;) {
    library_.input(to, packet_.data(), static_cast<std::size_t>(length));
    ++packets_;
    any = true;
  }
  return any;
}

void Link::pass_time(std::uint64_t ns) {
  now_ns_ += ns;
  library_.advance(client_, now_ns_);
  library_.advance(server_, now_ns_);
}

void Link::jump_to_deadline() {
  const std::uint64_t next =
      std::min(library_.next_deadline(client_), library_.next_deadline(server_));
  if (next == SLT_NEVER) give_up(library_.name + ": stands still");
  pass_time(std::max<std::uint64_t>(next, now_ns_ + 1) - now_ns_);
}

void Link::drain() {
  for (const std::uint64_t end = now_ns_ + kDrainNs; now_ns_ < end;) {
    if (carry_to_server() | carry_to_client()) continue;
    const std::uint64_t next =
        std::min(library_.next_deadline(client_), library_.next_deadline(server_));
    pass_time(std::clamp(next, now_ns_ + 1, end) - now_ns_);
  }
}

int Link::listen() {
  const sockaddr_in address = socket_address(kServerAddress, kSmtpPort);
  const int fd = library_.socket(server_, AF_INET);
  library_.bind(server_, fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (library_.listen(server_, fd, kListenBacklog) != 0) give_up(library_.name + ": cannot listen");
  return fd;
}

int Link::connect() {
  const sockaddr_in address = socket_address(kServerAddress, kSmtpPort);
  const int fd = library_.socket(client_, AF_INET);
  const int result =
      library_.connect(client_, fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (result != 0 && result != -EINPROGRESS) give_up(library_.name + ": cannot connect");
  return fd;
}

}  // namespace sluice::bench
