#include "engine/net/kernel/kernel_connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/net/kernel/socket.h"

namespace sluice::net {
namespace {

constexpr std::size_t kDiscardAtOnce = 1024 * 1024;  // octets thrown away in one call

}  // namespace

KernelConnection::~KernelConnection() { close_socket(); }

void KernelConnection::begin(int socket, State state) noexcept {
  SLUICE_ASSERT(socket_ < 0 && read_buffer_ == nullptr && send_buffer_ == nullptr);
  socket_ = socket;
  state_ = state;
  error_ = NetError::reset;
  local_ = remote_ = {};
  if (state == State::open) {
    local_ = local_endpoint(socket);
    remote_ = remote_endpoint(socket);
  }
  read_head_ = read_tail_ = send_head_ = unsent_ = 0;
  kernel_has_more_ = at_end_ = hung_up_ = false;
  kernel_takes_ = state == State::open;
  short_write_ = closing_ = fin_sent_ = released_ = false;
  linger_until_ = Instant::never();
}

void KernelConnection::end() noexcept {
  close_socket();
  drop_read_buffer();
  drop_send_buffer();
  ready_link.unlink();
  fill_link.unlink();
  send_link.unlink();
  linger_link.unlink();
}

ByteView KernelConnection::readable() noexcept {
  if (state_ == State::failed || unread() == 0) return {};
  return {read_buffer_ + read_head_, unread()};
}

void KernelConnection::consume(std::size_t count) noexcept {
  SLUICE_ASSERT(count <= unread());
  read_head_ += count;
  if (unread() == 0) drop_read_buffer();
  if (wants_fill()) schedule_fill();
}

std::size_t KernelConnection::copy(MutableBytes out) const noexcept {
  const std::size_t count = std::min(out.size(), unread());
  if (count > 0) std::memcpy(out.data(), read_buffer_ + read_head_, count);
  return count;
}

std::size_t KernelConnection::write(ByteView octets) noexcept {
  const std::size_t taken = std::min(octets.size(), write_space());
  if (taken < octets.size()) short_write_ = true;
  if (taken == 0) return 0;
  const std::size_t capacity = shared_.send_buffers.octets();
  if (send_buffer_ == nullptr) send_buffer_ = shared_.send_buffers.acquire();
  SLUICE_ASSERT(send_buffer_ != nullptr);  // the pool has one per connection
  const std::size_t tail = (send_head_ + unsent_) % capacity;
  const std::size_t first = std::min(taken, capacity - tail);
  std::memcpy(send_buffer_ + tail, octets.data(), first);
  std::memcpy(send_buffer_, octets.data() + first, taken - first);
  unsent_ += taken;
  schedule_send();
  return taken;
}

std::size_t KernelConnection::write_space() const noexcept {
  if (state_ == State::failed || closing_) return 0;
  return shared_.send_buffers.octets() - unsent_;
}

void KernelConnection::close() noexcept {
  if (state_ == State::failed) return;
  closing_ = true;
  schedule_send();
}

void KernelConnection::abort() noexcept {
  if (socket_ >= 0) reset_on_close(socket_);
  state_ = State::failed;
  error_ = NetError::reset;
  close_socket();
  drop_read_buffer();
  drop_send_buffer();
}

void KernelConnection::release(Instant linger_until) noexcept {
  released_ = true;
  owner = 0;
  linger_until_ = linger_until;
  ready_link.unlink();
  drop_read_buffer();
  if (state_ == State::opening) return abort();
  if (state_ == State::failed) return;
  close();
  if (wants_fill()) schedule_fill();
  shared_.lists->linger.push_back(*this);
}

bool KernelConnection::done() const noexcept {
  return released_ && (state_ == State::failed || (fin_sent_ && at_end_));
}

void KernelConnection::on_events(std::uint32_t events) noexcept {
  if (state_ == State::failed) return;
  if (state_ == State::opening) {
    finish_opening();
    if (state_ != State::open) return;
  }
  if ((events & EPOLLERR) != 0)
    if (const int error = pending_error(socket_); error != 0) return fail(net_error(error));
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) kernel_has_more_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) hung_up_ = true;
  if ((events & EPOLLOUT) != 0) {
    kernel_takes_ = true;
    send_pending();
  }
  if (wants_fill()) fill();
}

void KernelConnection::finish_opening() noexcept {
  if (const int error = pending_error(socket_); error != 0) return fail(net_error(error));
  state_ = State::open;
  kernel_takes_ = true;
  local_ = local_endpoint(socket_);
  notify();
}

bool KernelConnection::wants_fill() const noexcept {
  if (state_ != State::open || !kernel_has_more_ || at_end_) return false;
  return released_ || unread() < kReadBuffer;
}

void KernelConnection::fill() noexcept {
  if (!wants_fill()) return;
  released_ ? discard_more() : read_more();
  if (wants_fill()) schedule_fill();
}

void KernelConnection::read_more() noexcept {
  if (read_buffer_ == nullptr) read_buffer_ = shared_.read_buffers.acquire();
  SLUICE_ASSERT(read_buffer_ != nullptr);  // the pool has one per connection
  if (read_tail_ == kReadBuffer) {
    std::memmove(read_buffer_, read_buffer_ + read_head_, unread());
    read_tail_ = unread();
    read_head_ = 0;
  }
  const std::size_t room = kReadBuffer - read_tail_;
  const ssize_t count = recv(socket_, read_buffer_ + read_tail_, room, MSG_DONTWAIT);
  const int error = errno;
  if (count > 0) {
    read_tail_ += static_cast<std::size_t>(count);
    if (static_cast<std::size_t>(count) < room && !hung_up_) kernel_has_more_ = false;
    return notify();
  }
  if (unread() == 0) drop_read_buffer();
  if (count == 0) {
    at_end_ = true;
    notify();
  } else if (error == EAGAIN) {
    kernel_has_more_ = false;
  } else if (error != EINTR) {
    fail(net_error(error));
  }
}

// The owner has gone. What the peer still sends is taken off the kernel's hands, since a close()
// over unread octets would be an RST that may destroy our last words on their way.
void KernelConnection::discard_more() noexcept {
  const ssize_t count = recv(socket_, nullptr, kDiscardAtOnce, MSG_DONTWAIT | MSG_TRUNC);
  const int error = errno;
  if (count == 0) at_end_ = true;
  if (count < 0 && error == EAGAIN) kernel_has_more_ = false;
  if (count < 0 && error != EAGAIN && error != EINTR) fail(net_error(error));
}

void KernelConnection::send_pending() noexcept {
  if (state_ != State::open) return;
  const std::size_t capacity = shared_.send_buffers.octets();
  while (unsent_ > 0 && kernel_takes_) {
    const std::size_t first = std::min(unsent_, capacity - send_head_);
    iovec parts[2] = {{send_buffer_ + send_head_, first}, {send_buffer_, unsent_ - first}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = first < unsent_ ? 2 : 1;
    const ssize_t count = sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) kernel_takes_ = false;
    if (count < 0 && errno != EAGAIN && errno != EINTR) return fail(net_error(errno));
    if (count <= 0) continue;
    unsent_ -= static_cast<std::size_t>(count);
    send_head_ = (send_head_ + static_cast<std::size_t>(count)) % capacity;
  }
  if (short_write_ && write_space() > 0) {  // also when the kernel took all without an EPOLLOUT
    short_write_ = false;
    notify();
  }
  if (unsent_ > 0) return;
  drop_send_buffer();
  if (closing_ && !fin_sent_) {
    shutdown(socket_, SHUT_WR);
    fin_sent_ = true;
  }
}

void KernelConnection::fail(NetError error) noexcept {
  state_ = State::failed;
  error_ = error;
  close_socket();
  drop_read_buffer();
  drop_send_buffer();
  notify();
}

void KernelConnection::notify() noexcept {
  if (!released_ && !ready_link.linked()) shared_.lists->ready.push_back(*this);
}

void KernelConnection::schedule_fill() noexcept {
  if (!fill_link.linked()) shared_.lists->fill.push_back(*this);
}

void KernelConnection::schedule_send() noexcept {
  if (!send_link.linked()) shared_.lists->send.push_back(*this);
}

void KernelConnection::close_socket() noexcept {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void KernelConnection::drop_read_buffer() noexcept {
  if (read_buffer_ != nullptr) shared_.read_buffers.release(read_buffer_);
  read_buffer_ = nullptr;
  read_head_ = read_tail_ = 0;
}

void KernelConnection::drop_send_buffer() noexcept {
  if (send_buffer_ != nullptr) shared_.send_buffers.release(send_buffer_);
  send_buffer_ = nullptr;
  send_head_ = unsent_ = 0;
}

}  // namespace sluice::net
