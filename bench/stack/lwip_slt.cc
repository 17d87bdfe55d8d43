// Debian's lwIP behind the C interface of tests/tcp_test_abi, as far as the benchmarks of this
// folder need it: IPv4, listen, accept, connect, send, receive, close. lwIP keeps its state in
// globals, so that instances share its tables; each connection is bound to its instance's
// interface.
#include <arpa/inet.h>
#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <slt_abi.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

namespace {

constexpr std::uint64_t kTimerNs = TCP_TMR_INTERVAL * 1'000'000ull;

struct Socket {
  slt_stack* stack = nullptr;
  tcp_pcb* pcb = nullptr;
  bool listens = false;
  bool finished = false;  // the peer's FIN was seen
  int error = 0;
  std::deque<pbuf*> received;
  std::size_t offset = 0;  // octets of received.front() already read
  std::deque<int> accepted;
};

}  // namespace

struct slt_stack {
  netif interface{};
  std::uint64_t now_ns = 0;
  std::uint64_t timer_ns = 0;
  std::deque<pbuf*> output;
  std::vector<std::unique_ptr<Socket>> sockets;  // [fd]
  std::vector<int> free;
  slt_stats stats{};
};

namespace {

slt_stack* ticking = nullptr;

int add_socket(slt_stack* stack, tcp_pcb* pcb) {
  if (stack->free.empty()) {
    stack->free.push_back(static_cast<int>(stack->sockets.size()));
    stack->sockets.emplace_back();
  }
  const int fd = stack->free.back();
  stack->free.pop_back();
  auto& socket = stack->sockets[static_cast<std::size_t>(fd)];
  socket = std::make_unique<Socket>();
  socket->stack = stack;
  socket->pcb = pcb;
  tcp_arg(pcb, socket.get());
  return fd;
}

Socket& socket_of(slt_stack* stack, int fd) {
  return *stack->sockets[static_cast<std::size_t>(fd)];
}

err_t send_packet(netif* interface, pbuf* packet, const ip4_addr_t*) {
  auto* stack = static_cast<slt_stack*>(interface->state);
  pbuf_ref(packet);
  stack->output.push_back(packet);
  return ERR_OK;
}

err_t set_up_interface(netif* interface) {
  interface->output = send_packet;
  interface->mtu = 1500;
  interface->flags = NETIF_FLAG_UP | NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

err_t on_receive(void* context, tcp_pcb*, pbuf* data, err_t) {
  auto* socket = static_cast<Socket*>(context);
  if (socket == nullptr) {
    if (data != nullptr) pbuf_free(data);
  } else if (data == nullptr) {
    socket->finished = true;
  } else {
    socket->received.push_back(data);
  }
  return ERR_OK;
}

void on_error(void* context, err_t) {
  auto* socket = static_cast<Socket*>(context);
  if (socket == nullptr) return;
  socket->pcb = nullptr;
  socket->error = ECONNRESET;
}

err_t on_connected(void*, tcp_pcb*, err_t) { return ERR_OK; }

void set_callbacks(tcp_pcb* pcb) {
  tcp_recv(pcb, on_receive);
  tcp_err(pcb, on_error);
}

err_t on_accept(void* context, tcp_pcb* pcb, err_t error) {
  if (error != ERR_OK || context == nullptr) return ERR_VAL;
  auto* listener = static_cast<Socket*>(context);
  set_callbacks(pcb);
  listener->accepted.push_back(add_socket(listener->stack, pcb));
  return ERR_OK;
}

std::uint32_t count(const tcp_pcb* list, const netif& interface) {
  std::uint32_t n = 0;
  for (; list != nullptr; list = list->next)
    if (list->netif_idx == netif_get_index(&interface)) ++n;
  return n;
}

void drop(Socket& socket) {
  for (pbuf* data : socket.received) pbuf_free(data);
  socket.received.clear();
  if (socket.pcb == nullptr) return;
  tcp_arg(socket.pcb, nullptr);
  socket.pcb = nullptr;
}

}  // namespace

extern "C" {

std::uint32_t slt_abi_version(void) { return SLT_ABI_VERSION; }

slt_stack* slt_open(const slt_config* config, char* error, size_t error_length) {
  static const bool initialised = (lwip_init(), true);
  ip4_addr_t address, mask, gateway{};
  if (!initialised || config->addrs[0] == nullptr || !ip4addr_aton(config->addrs[0], &address)) {
    std::snprintf(error, error_length, "one IPv4 address is needed");
    return nullptr;
  }
  IP4_ADDR(&mask, 255, 255, 255, 0);
  auto* stack = new slt_stack;
  stack->now_ns = stack->timer_ns = config->start_ns;
  netif_add(&stack->interface, &address, &mask, &gateway, stack, set_up_interface, ip_input);
  netif_set_up(&stack->interface);
  netif_set_link_up(&stack->interface);
  if (ticking == nullptr) ticking = stack;
  return stack;
}

void slt_close_stack(slt_stack* stack) {
  if (ticking == stack) ticking = nullptr;
  for (auto& socket : stack->sockets) {
    if (socket == nullptr || socket->pcb == nullptr) continue;
    tcp_pcb* pcb = socket->pcb;
    const bool listens = socket->listens;
    drop(*socket);
    if (listens) {
      tcp_close(pcb);
    } else {
      tcp_abort(pcb);
    }
  }
  netif_remove(&stack->interface);
  for (pbuf* packet : stack->output) pbuf_free(packet);
  delete stack;
}

std::uint64_t slt_next_deadline(const slt_stack* stack) { return stack->timer_ns + kTimerNs; }

// lwIP's TCP timers are those of all instances: the one opened first ticks them.
void slt_advance(slt_stack* stack, std::uint64_t now_ns) {
  stack->now_ns = now_ns;
  for (; stack->timer_ns + kTimerNs <= now_ns; stack->timer_ns += kTimerNs)
    if (stack == ticking) tcp_tmr();
}

int slt_input(slt_stack* stack, const void* packet, size_t length) {
  // Not PBUF_POOL: in this package its buffers are smaller than the library believes.
  pbuf* copy = pbuf_alloc(PBUF_RAW, static_cast<u16_t>(length), PBUF_RAM);
  if (copy == nullptr) return -ENOMEM;
  pbuf_take(copy, packet, static_cast<u16_t>(length));
  ++stack->stats.segs_in;
  if (ip_input(copy, &stack->interface) != ERR_OK) pbuf_free(copy);
  return 0;
}

ssize_t slt_output(slt_stack* stack, void* buffer, size_t capacity, std::uint64_t* when_ns) {
  if (stack->output.empty()) return 0;
  pbuf* packet = stack->output.front();
  stack->output.pop_front();
  const auto room = static_cast<u16_t>(std::min<std::size_t>(capacity, 0xffff));
  const u16_t length = pbuf_copy_partial(packet, buffer, room, 0);
  pbuf_free(packet);
  if (when_ns != nullptr) *when_ns = stack->now_ns;
  ++stack->stats.segs_out;
  return length;
}

int slt_socket(slt_stack* stack, int family) {
  if (family != AF_INET) return -EAFNOSUPPORT;
  tcp_pcb* pcb = tcp_new();
  tcp_bind_netif(pcb, &stack->interface);
  return add_socket(stack, pcb);
}

int slt_bind(slt_stack* stack, int fd, const sockaddr* address, socklen_t) {
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  ip_addr_t local = IPADDR4_INIT(v4->sin_addr.s_addr);
  return tcp_bind(socket_of(stack, fd).pcb, &local, ntohs(v4->sin_port)) == ERR_OK ? 0
                                                                                   : -EADDRINUSE;
}

int slt_listen(slt_stack* stack, int fd, int backlog) {
  Socket& socket = socket_of(stack, fd);
  tcp_pcb* listening =
      tcp_listen_with_backlog(socket.pcb, static_cast<u8_t>(std::min(backlog, 255)));
  if (listening == nullptr) return -ENOMEM;
  socket.pcb = listening;
  socket.listens = true;
  tcp_arg(listening, &socket);
  tcp_accept(listening, on_accept);
  return 0;
}

int slt_accept(slt_stack* stack, int fd, sockaddr*, socklen_t*) {
  Socket& socket = socket_of(stack, fd);
  if (socket.accepted.empty()) return -EAGAIN;
  const int accepted = socket.accepted.front();
  socket.accepted.pop_front();
  return accepted;
}

int slt_connect(slt_stack* stack, int fd, const sockaddr* address, socklen_t) {
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  ip_addr_t remote = IPADDR4_INIT(v4->sin_addr.s_addr);
  tcp_pcb* pcb = socket_of(stack, fd).pcb;
  set_callbacks(pcb);
  return tcp_connect(pcb, &remote, ntohs(v4->sin_port), on_connected) == ERR_OK ? -EINPROGRESS
                                                                                : -ENETUNREACH;
}

ssize_t slt_recv(slt_stack* stack, int fd, void* buffer, size_t length, int) {
  Socket& socket = socket_of(stack, fd);
  auto* out = static_cast<char*>(buffer);
  std::size_t copied = 0;
  while (!socket.received.empty() && copied < length) {
    pbuf* data = socket.received.front();
    const auto room = static_cast<u16_t>(std::min<std::size_t>(length - copied, 0xffff));
    const u16_t part =
        pbuf_copy_partial(data, out + copied, room, static_cast<u16_t>(socket.offset));
    copied += part;
    socket.offset += part;
    if (socket.offset < data->tot_len) break;
    pbuf_free(data);
    socket.received.pop_front();
    socket.offset = 0;
  }
  if (copied > 0) {
    for (std::size_t left = copied; left > 0 && socket.pcb != nullptr;) {
      const auto part = static_cast<u16_t>(std::min<std::size_t>(left, 0xffff));
      tcp_recved(socket.pcb, part);
      left -= part;
    }
    return static_cast<ssize_t>(copied);
  }
  if (socket.finished) return 0;
  return socket.error != 0 ? -socket.error : -EAGAIN;
}

ssize_t slt_send(slt_stack* stack, int fd, const void* octets, size_t length, int flags) {
  Socket& socket = socket_of(stack, fd);
  if (socket.pcb == nullptr) return -EPIPE;
  if (socket.pcb->state < ESTABLISHED) return -EAGAIN;
  const std::size_t room = std::min<std::size_t>(tcp_sndbuf(socket.pcb), 0xffff);
  const auto part = static_cast<u16_t>(std::min(length, room));
  if (part == 0) return -EAGAIN;
  if (tcp_write(socket.pcb, octets, part, TCP_WRITE_FLAG_COPY) != ERR_OK) return -EAGAIN;
  if ((flags & MSG_MORE) == 0) tcp_output(socket.pcb);
  return part;
}

int slt_close(slt_stack* stack, int fd) {
  Socket& socket = socket_of(stack, fd);
  tcp_pcb* pcb = socket.pcb;
  drop(socket);
  if (pcb != nullptr && tcp_close(pcb) != ERR_OK) tcp_abort(pcb);
  stack->sockets[static_cast<std::size_t>(fd)].reset();
  stack->free.push_back(fd);
  return 0;
}

int slt_poll(slt_stack* stack, int fd) {
  const Socket& socket = socket_of(stack, fd);
  const bool readable = !socket.received.empty() || !socket.accepted.empty() || socket.finished;
  const bool writable = socket.pcb != nullptr && !socket.listens &&
                        socket.pcb->state == ESTABLISHED && tcp_sndbuf(socket.pcb) > 0;
  return (readable ? 1 : 0) | (writable ? 4 : 0) | (socket.error != 0 ? 8 : 0);
}

int slt_stats_get(const slt_stack* stack, slt_stats* out) {
  *out = stack->stats;
  out->struct_size = sizeof *out;
  out->time_wait = count(tcp_tw_pcbs, stack->interface);
  out->tcbs = count(tcp_active_pcbs, stack->interface) + out->time_wait;
  return 0;
}

}  // extern "C"
