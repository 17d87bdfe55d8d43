#include "engine/net/kernel/kernel_transport.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "engine/base/slab.h"
#include "engine/net/kernel/kernel_connection.h"
#include "engine/net/kernel/socket.h"

namespace sluice::net {
namespace {

constexpr int kEventsAtOnce = 256;                    // per poll
constexpr int kAcceptsAtOnce = 64;                    // per poll and listener
constexpr Duration kAcceptPause = milliseconds(100);  // after running out of descriptors
constexpr Duration kLinger = seconds(60);             // for the peer's FIN after release()
constexpr std::uint32_t kConnectionEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

class KernelTransport final : public Transport {
 public:
  explicit KernelTransport(const KernelOptions& options);
  ~KernelTransport() override;

  std::expected<void, NetError> listen(Endpoint local, std::uint32_t tag) override;
  void stop_listening() noexcept override;
  std::expected<Connection*, NetError> connect(Endpoint remote, std::uint64_t owner) override {
    return connected(open_connection(remote), remote, owner);
  }
  std::expected<Connection*, NetError> connect_socket(const std::string& path,
                                                      std::uint64_t owner) override {
    return connected(open_local_connection(path), {}, owner);
  }
  std::size_t poll(Instant now) noexcept override;
  Connection* next_ready() noexcept override { return lists_.ready.pop_front(); }
  void requeue(Connection& connection) noexcept override;
  void flush(Instant now) noexcept override;
  void release(Connection& connection) noexcept override;
  Instant next_deadline() const noexcept override;
  int wait_descriptor() const noexcept override { return epoll_; }
  std::size_t open_connections() const noexcept override {
    return connections_.in_use() - lingering_;
  }

  std::optional<Endpoint> listener(std::uint32_t tag) const;

 private:
  struct Listener {
    int socket;
    std::uint32_t tag;
  };

  std::expected<Connection*, NetError> connected(SocketResult socket, const Endpoint& remote,
                                                 std::uint64_t owner);
  bool watch(int socket, std::uint32_t events, std::uint64_t data) noexcept;
  void set_accepting(bool accepting) noexcept;
  void accept_from(const Listener& listener) noexcept;
  void adopt(int socket, std::uint32_t tag) noexcept;
  std::size_t fill_due() noexcept;
  void expire_lingering() noexcept;
  void retire_if_done(KernelConnection& connection) noexcept;
  void retire(KernelConnection& connection) noexcept;

  KernelOptions options_;
  Instant now_{};
  int epoll_;
  KernelLists lists_;
  KernelShared shared_;
  KernelShared* shared_address_ = &shared_;
  Slab<KernelConnection> connections_;
  std::vector<Listener> listeners_;
  std::size_t lingering_ = 0;
  bool accepting_ = true;
  Instant accept_again_ = Instant::never();
};

KernelTransport::KernelTransport(const KernelOptions& options)
    : options_(options),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      shared_{.read_buffers = {options.connections_max, kReadBuffer},
              .send_buffers = {options.connections_max, options.send_buffer},
              .lists = &lists_},
      connections_(options.connections_max, shared_address_) {
  SLUICE_ASSERT(epoll_ >= 0);
}

KernelTransport::~KernelTransport() {
  flush(now_);
  stop_listening();
  connections_.for_each([](KernelConnection& connection) { connection.end(); });
  close(epoll_);
}

std::expected<void, NetError> KernelTransport::listen(Endpoint local, std::uint32_t tag) {
  const SocketResult socket = open_listener(local, options_.backlog);
  if (!socket)
    return std::unexpected(socket.error() == EACCES ? NetError::denied : net_error(socket.error()));
  // The data of a listener is its index; that of a connection has a generation above it.
  if (!watch(*socket, EPOLLIN, listeners_.size())) {
    close(*socket);
    return std::unexpected(NetError::no_resources);
  }
  listeners_.push_back({*socket, tag});
  return {};
}

void KernelTransport::stop_listening() noexcept {
  for (const Listener& listener : listeners_) close(listener.socket);
  listeners_.clear();
}

// A socket that is connected, or being so.
std::expected<Connection*, NetError> KernelTransport::connected(SocketResult socket,
                                                                const Endpoint& remote,
                                                                std::uint64_t owner) {
  if (!socket) return std::unexpected(net_error(socket.error()));
  KernelConnection* connection = connections_.acquire();
  if (connection == nullptr) {
    close(*socket);
    return std::unexpected(NetError::no_resources);
  }
  connection->begin(*socket, Connection::State::opening);
  connection->set_remote(remote);
  connection->owner = owner;
  connection->listener = UINT32_MAX;
  if (!watch(*socket, kConnectionEvents, connections_.handle(*connection).packed())) {
    retire(*connection);
    return std::unexpected(NetError::no_resources);
  }
  return connection;
}

std::size_t KernelTransport::poll(Instant now) noexcept {
  now_ = now;
  expire_lingering();
  if (!accepting_ && now >= accept_again_) set_accepting(true);
  std::size_t work = fill_due();
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = epoll_wait(epoll_, events.data(), kEventsAtOnce, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const Handle handle = Handle::unpack(event.data.u64);
    if (handle.generation == 0) {
      if (handle.slot < listeners_.size()) accept_from(listeners_[handle.slot]);
    } else if (KernelConnection* connection = connections_.find(handle)) {
      connection->on_events(event.events);
      retire_if_done(*connection);
    }
  }
  return work + static_cast<std::size_t>(std::max(count, 0));
}

void KernelTransport::requeue(Connection& connection) noexcept {
  auto& element = static_cast<KernelConnection&>(connection);
  if (!element.ready_link.linked()) lists_.ready.push_back(element);
}

void KernelTransport::flush(Instant now) noexcept {
  now_ = now;
  while (KernelConnection* connection = lists_.send.pop_front()) {
    connection->send_pending();
    retire_if_done(*connection);
  }
}

void KernelTransport::release(Connection& connection) noexcept {
  auto& element = static_cast<KernelConnection&>(connection);
  element.release(now_ + kLinger);
  if (element.linger_link.linked()) ++lingering_;
  retire_if_done(element);
}

Instant KernelTransport::next_deadline() const noexcept {
  auto& lists = const_cast<KernelLists&>(lists_);
  if (!lists.ready.empty() || !lists.fill.empty() || !lists.send.empty()) return {};
  const Instant linger =
      lists.linger.empty() ? Instant::never() : lists.linger.front()->linger_until();
  return std::min(linger, accept_again_);
}

std::optional<Endpoint> KernelTransport::listener(std::uint32_t tag) const {
  for (const Listener& listener : listeners_)
    if (listener.tag == tag) return local_endpoint(listener.socket);
  return std::nullopt;
}

bool KernelTransport::watch(int socket, std::uint32_t events, std::uint64_t data) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0;
}

// A listener that nobody accepts from would make every poll find work: it is not watched meanwhile.
void KernelTransport::set_accepting(bool accepting) noexcept {
  accepting_ = accepting;
  accept_again_ = accepting ? Instant::never() : now_ + kAcceptPause;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    epoll_event event{};
    event.events = accepting ? static_cast<std::uint32_t>(EPOLLIN) : 0;
    event.data.u64 = i;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[i].socket, &event);
  }
}

void KernelTransport::accept_from(const Listener& listener) noexcept {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    const SocketResult socket = accept_connection(listener.socket);
    if (socket) {
      adopt(*socket, listener.tag);
    } else if (is_shortage(socket.error())) {
      return set_accepting(false);
    } else if (socket.error() == EAGAIN) {
      return;
    }
  }
}

void KernelTransport::adopt(int socket, std::uint32_t tag) noexcept {
  KernelConnection* connection = connections_.acquire();
  if (connection == nullptr) {
    reset_on_close(socket);
    close(socket);
    return;
  }
  connection->begin(socket, Connection::State::open);
  connection->owner = 0;
  connection->listener = tag;
  if (!watch(socket, kConnectionEvents, connections_.handle(*connection).packed()))
    return retire(*connection);
  lists_.ready.push_back(*connection);
}

std::size_t KernelTransport::fill_due() noexcept {
  std::size_t work = 0;
  KernelConnection* last = lists_.fill.back();  // one that is put back has its turn next time
  while (last != nullptr) {
    KernelConnection* connection = lists_.fill.pop_front();
    const bool was_last = connection == last;
    connection->fill();
    retire_if_done(*connection);
    ++work;
    if (was_last) break;
  }
  return work;
}

void KernelTransport::expire_lingering() noexcept {
  for (KernelConnection* connection = lists_.linger.front();
       connection != nullptr && connection->linger_until() <= now_;
       connection = lists_.linger.front()) {
    if (!connection->write_drained()) reset_on_close(connection->socket());
    retire(*connection);
  }
}

void KernelTransport::retire_if_done(KernelConnection& connection) noexcept {
  if (connection.done()) retire(connection);
}

void KernelTransport::retire(KernelConnection& connection) noexcept {
  if (connection.linger_link.linked()) --lingering_;
  connection.end();
  connections_.release(connection);
}

}  // namespace

std::unique_ptr<Transport> make_kernel_transport(const KernelOptions& options) {
  return std::make_unique<KernelTransport>(options);
}

std::optional<Endpoint> kernel_listener(const Transport& transport, std::uint32_t tag) {
  return static_cast<const KernelTransport&>(transport).listener(tag);
}

}  // namespace sluice::net
