#include "tests/tcp_test_abi/slt_abi.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "tests/tcp_test_abi/options.h"
#include "tests/tcp_test_abi/sockets.h"

namespace abi = sluice::net::abi;
using sluice::ByteView;
using sluice::Instant;

namespace {

constexpr std::uint32_t kMtuDefault = 1'500;
constexpr std::uint32_t kMtuMin = 68;  // RFC 791
constexpr std::uint32_t kConnectionsMax = 1u << 20;
constexpr std::uint32_t kReceiveBuffer = 65'536;  // octets, unless an option says otherwise

ByteView view(const void* octets, std::size_t count) {
  return {static_cast<const std::uint8_t*>(octets), count};
}

std::uint64_t abi_time(Instant t) {
  return t == Instant::never() ? SLT_NEVER : static_cast<std::uint64_t>(t.ns);
}

// Adds the addresses: every other host of the family is on the link.
std::string add_addresses(const char* const* list, sluice::net::StackOptions& options) {
  for (; list != nullptr && *list != nullptr; ++list) {
    const auto address = sluice::IpAddress::parse(*list);
    if (!address) return std::string("\"") + *list + "\" is no IP address";
    options.addresses.push_back({*address, 0});
  }
  return options.addresses.empty() ? "no address is given" : "";
}

std::string read_config(const slt_config& config, sluice::net::StackOptions& options) {
  if (config.abi_version != SLT_ABI_VERSION) return "unknown version of the interface";
  if (config.struct_size < sizeof(slt_config)) return "slt_config is too small";
  if (config.mtu != 0 && (config.mtu < kMtuMin || config.mtu > sluice::net::kDatagramMax))
    return "mtu must be from 68 to 65535";
  if (config.start_ns > INT64_MAX / 2) return "start_ns is too large";
  options.seed = config.seed;
  options.connections_max = kConnectionsMax;
  options.listen_backlog = kConnectionsMax;
  options.receive_window = kReceiveBuffer;
  options.no_delay = false;  // as sockets are
  if (std::string problem = add_addresses(config.addrs, options); !problem.empty()) return problem;
  const auto applied = abi::apply_options(config.options == nullptr ? "" : config.options, options);
  return applied ? "" : applied.error();
}

// Runs `call` on the socket, then lets out what it caused.
template <typename Call>
auto on_socket(slt_stack* st, int fd, Call&& call) -> decltype(call(*st->find(fd))) {
  abi::Socket* socket = st->find(fd);
  if (socket == nullptr) return -EBADF;
  const auto result = call(*socket);
  st->settle();
  return result;
}

}  // namespace

extern "C" {

uint32_t slt_abi_version(void) { return SLT_ABI_VERSION; }

slt_stack* slt_open(const slt_config* cfg, char* err, size_t err_len) {
  sluice::net::StackOptions options;
  const std::string problem = cfg == nullptr ? "no configuration" : read_config(*cfg, options);
  if (!problem.empty()) {
    if (err != nullptr && err_len > 0) std::snprintf(err, err_len, "%s", problem.c_str());
    return nullptr;
  }
  const std::uint32_t mtu = cfg->mtu == 0 ? kMtuDefault : cfg->mtu;
  return new slt_stack(options, static_cast<std::uint16_t>(mtu),
                       Instant{static_cast<std::int64_t>(cfg->start_ns)});
}

void slt_close_stack(slt_stack* st) { delete st; }

uint64_t slt_next_deadline(const slt_stack* st) { return abi_time(st->next_deadline()); }

void slt_advance(slt_stack* st, uint64_t now_ns) {
  st->advance({static_cast<std::int64_t>(std::min<uint64_t>(now_ns, INT64_MAX - 1))});
}

int slt_input(slt_stack* st, const void* ip_packet, size_t len) {
  return ip_packet == nullptr ? -EINVAL : st->input(view(ip_packet, len));
}

ssize_t slt_output(slt_stack* st, void* buf, size_t cap, uint64_t* when_ns) {
  const auto* oldest = st->port().oldest();
  if (oldest == nullptr) return 0;
  const ByteView octets = oldest->octets;
  if (octets.size() > cap) return -EMSGSIZE;
  std::memcpy(buf, octets.data(), octets.size());
  if (when_ns != nullptr) *when_ns = abi_time(oldest->when);
  st->port().drop_oldest();
  return static_cast<ssize_t>(octets.size());
}

int slt_socket(slt_stack* st, int family) {
  if (family != AF_INET && family != AF_INET6) return -EAFNOSUPPORT;
  return st->open(family);
}

int slt_bind(slt_stack* st, int fd, const struct sockaddr* sa, socklen_t len) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::bind(*st, s, sa, len); });
}

int slt_listen(slt_stack* st, int fd, int backlog) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::listen(*st, s, fd, backlog); });
}

int slt_accept(slt_stack* st, int fd, struct sockaddr* sa, socklen_t* len) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::accept(*st, s, fd, sa, len); });
}

int slt_connect(slt_stack* st, int fd, const struct sockaddr* sa, socklen_t len) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::connect(*st, s, sa, len); });
}

ssize_t slt_recv(slt_stack* st, int fd, void* buf, size_t len, int flags) {
  return on_socket(st, fd, [&](abi::Socket& s) {
    return abi::receive(*st, s, {static_cast<std::uint8_t*>(buf), len}, flags);
  });
}

ssize_t slt_send(slt_stack* st, int fd, const void* buf, size_t len, int flags) {
  return on_socket(st, fd,
                   [&](abi::Socket& s) { return abi::send(*st, s, view(buf, len), flags); });
}

int slt_shutdown(slt_stack* st, int fd, int how) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::shutdown(*st, s, how); });
}

int slt_close(slt_stack* st, int fd) {
  return on_socket(st, fd, [&](abi::Socket& s) {
    abi::close(*st, s, fd);
    st->remove(fd);
    return 0;
  });
}

int slt_poll(slt_stack* st, int fd) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::poll(*st, s); });
}

int slt_getsockopt(slt_stack* st, int fd, int level, int name, void* val, socklen_t* len) {
  return on_socket(st, fd,
                   [&](abi::Socket& s) { return abi::get_option(*st, s, level, name, val, len); });
}

int slt_setsockopt(slt_stack* st, int fd, int level, int name, const void* val, socklen_t len) {
  return on_socket(st, fd,
                   [&](abi::Socket& s) { return abi::set_option(*st, s, level, name, val, len); });
}

int slt_queued(slt_stack* st, int fd, int which) {
  return on_socket(st, fd, [&](abi::Socket& s) { return abi::queued(s, which); });
}

int slt_stats_get(const slt_stack* st, slt_stats* out) {
  if (out == nullptr) return -EINVAL;
  slt_stats stats{};
  st->statistics(stats);
  // A caller of an earlier version knows less; one that says nothing knows this version.
  const std::size_t known = out->struct_size == 0 ? sizeof stats : out->struct_size;
  stats.struct_size = static_cast<std::uint32_t>(std::min(known, sizeof stats));
  std::memcpy(out, &stats, stats.struct_size);
  return 0;
}

}  // extern "C"
