#include "engine/net/kernel/kernel_datagrams.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "engine/base/intrusive_list.h"
#include "engine/base/slab.h"
#include "engine/net/kernel/socket.h"

namespace sluice::net {
namespace {

constexpr int kEventsAtOnce = 64;

struct Socket final : DatagramSocket {
  Endpoint local() const noexcept override { return bound; }
  std::expected<void, NetError> send(const Endpoint& remote, ByteView payload) noexcept override;
  std::optional<Datagram> front() const noexcept override;
  void pop() noexcept override { size = -1; }
  std::optional<NetError> take_error() noexcept override { return std::exchange(failure, {}); }

  int handle = -1;
  Endpoint bound;
  std::optional<Endpoint> peer;
  mutable std::optional<NetError> failure;
  mutable Endpoint sender;
  mutable ssize_t size = -1;  // of what is in `octets`; -1 = nothing
  mutable std::array<std::uint8_t, kKernelDatagramBytesMax> octets;
  ListLink ready_link;
};

std::expected<void, NetError> Socket::send(const Endpoint& remote, ByteView payload) noexcept {
  const auto sent = send_datagram(handle, peer ? std::nullopt : std::optional(remote), payload);
  if (!sent) return std::unexpected(net_error(sent.error()));
  return {};
}

std::optional<Datagram> Socket::front() const noexcept {
  if (size < 0) {
    const auto received = receive_datagram(handle, octets, sender);
    if (!received) {
      if (received.error() != EAGAIN) failure = net_error(received.error());
      return {};
    }
    size = *received;
  }
  return Datagram{bound, sender, ByteView(octets).first(static_cast<std::size_t>(size))};
}

class Sockets final : public KernelDatagrams {
 public:
  explicit Sockets(std::size_t sockets_max)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)), sockets_(sockets_max) {
    SLUICE_ASSERT(epoll_ >= 0);
  }
  ~Sockets() override {
    sockets_.for_each([](Socket& socket) { ::close(socket.handle); });
    ::close(epoll_);
  }

  std::expected<DatagramSocket*, NetError> open(const Options& options) override;
  void close(DatagramSocket& socket) noexcept override;
  DatagramSocket* next_ready_socket() noexcept override;
  int wait_descriptor() const noexcept override { return epoll_; }

 private:
  int epoll_;
  Slab<Socket> sockets_;
  IntrusiveList<Socket, &Socket::ready_link> ready_;
  bool looked_ = false;  // the kernel was asked since the ready list was last empty
};

std::expected<DatagramSocket*, NetError> Sockets::open(const Options& options) {
  Socket* socket = sockets_.acquire();
  if (socket == nullptr) return std::unexpected(NetError::no_resources);
  const SocketResult handle = open_datagram_socket(options.local, options.peer);
  if (!handle) {
    sockets_.release(*socket);
    return std::unexpected(net_error(handle.error()));
  }
  socket->handle = *handle;
  socket->bound = local_endpoint(*handle);
  socket->peer = options.peer;
  socket->owner = options.owner;
  socket->failure.reset();
  socket->size = -1;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = sockets_.handle(*socket).packed();
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket->handle, &event) == 0) return socket;
  close(*socket);
  return std::unexpected(NetError::no_resources);
}

void Sockets::close(DatagramSocket& socket) noexcept {
  auto& closed = static_cast<Socket&>(socket);
  ::close(std::exchange(closed.handle, -1));
  closed.ready_link.unlink();
  sockets_.release(closed);
}

// One look at the kernel per round: the round ends with a nullptr.
DatagramSocket* Sockets::next_ready_socket() noexcept {
  if (ready_.empty() && !looked_ && sockets_.in_use() > 0) {
    std::array<epoll_event, kEventsAtOnce> events;
    const int count = epoll_wait(epoll_, events.data(), kEventsAtOnce, 0);
    for (int i = 0; i < count; ++i) {
      Socket* socket = sockets_.find(Handle::unpack(events[static_cast<std::size_t>(i)].data.u64));
      if (socket != nullptr && !socket->ready_link.linked()) ready_.push_back(*socket);
    }
  }
  Socket* socket = ready_.pop_front();
  looked_ = socket != nullptr;
  return socket;
}

}  // namespace

std::unique_ptr<KernelDatagrams> make_kernel_datagrams(std::size_t sockets_max) {
  return std::make_unique<Sockets>(sockets_max);
}

}  // namespace sluice::net
