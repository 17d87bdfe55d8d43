// The system calls of scripts, by the calls of the C interface.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/tcp_script/constants.h"
#include "tests/tcp_script/print.h"
#include "tests/tcp_script/runner.h"

namespace sluice::script {
namespace {

std::int64_t number(const Call& call, std::size_t index) {
  if (index >= call.arguments.size()) throw Unsupported(call.name + " has too few arguments");
  const Value& value = call.arguments[index];
  if (value.kind == Value::Kind::text) throw Unsupported("\"" + value.text + "\" is not supported");
  return value.number;
}

// The single number in [n].
std::int64_t only_item(const Call& call, std::size_t index) {
  const Value& value = call.arguments.at(index);
  const bool single = value.kind == Value::Kind::list && value.items.size() == 1 &&
                      value.items[0].kind == Value::Kind::number;
  if (!single) throw Unsupported("that form of " + call.name + " is not supported");
  return value.items[0].number;
}

sockaddr_storage socket_address(const Address& address, std::uint16_t port, bool mapped,
                                socklen_t& length) {
  sockaddr_storage storage{};
  if (address.family == AF_INET && !mapped) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.octets.data(), 4);
    length = sizeof v4;
    return storage;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::uint8_t* octets = v6.sin6_addr.s6_addr;
  if (mapped) {
    octets[10] = octets[11] = 0xff;
    std::memcpy(octets + 12, address.octets.data(), 4);
  } else {
    std::memcpy(octets, address.octets.data(), 16);
  }
  length = sizeof v6;
  return storage;
}

}  // namespace

int Runner::descriptor(const Call& call) const {
  const auto found = descriptors_.find(number(call, 0));
  return found == descriptors_.end() ? -1 : found->second;
}

bool Runner::would_block(std::int64_t result) const {
  return result == -EAGAIN || result == -EINPROGRESS || result == -EALREADY;
}

void Runner::call(const Event& event, const Call& call) {
  note(call.text);
  const std::int64_t base =
      event.time.kind == Time::Kind::relative ? last_event_us_ - event.time.at : 0;
  const std::int64_t due = event.time.blocks ? base + *event.time.until : last_event_us_;
  Blocked blocked{&event, due, 0};
  if (!attempt(blocked)) {
    if (!event.time.blocks) throw Failure(call.text + " would block");
    blocked_.push_back(blocked);
  }
  collect();
}

void Runner::retry_blocked() {
  for (std::size_t i = 0; i < blocked_.size();) {
    if (attempt(blocked_[i])) {
      blocked_.erase(blocked_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  collect();
}

// True when the call has returned; what it returned is checked.
bool Runner::attempt(Blocked& blocked) {
  const Call& call = std::get<Call>(blocked.event->what);
  const std::int64_t result = execute(call, blocked.done);
  const bool expects_no_wait = call.error == EAGAIN || call.error == EINPROGRESS ||
                               call.error == EALREADY || call.name == "poll";
  if (would_block(result) && !expects_no_wait) return false;
  const bool partial = call.error == 0 && result > 0 && blocked.event->time.blocks &&
                       (call.name == "write" || call.name == "send") &&
                       blocked.done + result < call.result.number;
  if (partial) {
    blocked.done += result;
    return false;
  }
  if (call.name == "poll" && blocked.event->time.blocks && result == 0 && call.result.number != 0)
    return false;
  if (blocked.event->time.blocks) verify_time(now_us_, blocked.due_us, blocked.due_us, call.text);
  const std::int64_t whole = result < 0 ? result : result + blocked.done;
  const std::int64_t wanted = call.error != 0 ? -call.error : call.result.number;
  const bool any_error = call.error == 0 && call.result.number == -1 && result < 0;
  if (call.result.kind == Value::Kind::any || any_error || whole == wanted) return true;
  const std::string got =
      whole < 0 ? "-1 " + std::string(errno_name(static_cast<int>(-whole))) : std::to_string(whole);
  throw Failure("expected " + call.text + ", it returned " + got);
}

std::int64_t Runner::execute(const Call& call, std::int64_t done) {
  const std::string& name = call.name;
  if (name == "socket") return do_socket(call);
  if (name == "bind") return do_bind(call);
  if (name == "listen") return do_listen(call);
  if (name == "accept") return do_accept(call);
  if (name == "connect") return do_connect(call);
  if (name == "read") return do_read(call, 0);
  if (name == "recv" || name == "recvfrom") return do_read(call, static_cast<int>(number(call, 3)));
  if (name == "write") return do_write(call, number(call, 2) - done, 0);
  if (name == "send" || name == "sendto")
    return do_write(call, number(call, 2) - done, static_cast<int>(number(call, 3)));
  if (name == "getsockopt") return do_getsockopt(call);
  if (name == "setsockopt") return do_setsockopt(call);
  if (name == "fcntl") return do_fcntl(call);
  if (name == "ioctl") return do_ioctl(call);
  if (name == "poll") return do_poll(call);
  if (name == "shutdown")
    return slt_shutdown(stack_, descriptor(call), static_cast<int>(number(call, 1)));
  if (name == "close") {
    const int result = slt_close(stack_, descriptor(call));
    descriptors_.erase(number(call, 0));
    return result;
  }
  throw Unsupported("system call " + name + " is not supported");
}

std::int64_t Runner::do_socket(const Call& call) {
  const int family = profile_.v6 || profile_.mapped ? AF_INET6 : AF_INET;
  const int fd = slt_socket(stack_, family);
  if (fd < 0) return fd;
  descriptors_[call.result.number] = fd;
  info_descriptor_ = fd;
  listening_ = false;
  begin_flow();
  return call.result.number;
}

std::int64_t Runner::do_bind(const Call& call) {
  socklen_t length = 0;
  const sockaddr_storage address =
      socket_address(flow_.peers.local, flow_.peers.local_port, profile_.mapped, length);
  return slt_bind(stack_, descriptor(call), reinterpret_cast<const sockaddr*>(&address), length);
}

std::int64_t Runner::do_listen(const Call& call) {
  const int fd = descriptor(call);
  const int result = slt_listen(stack_, fd, static_cast<int>(number(call, 1)));
  if (result == 0) listening_ = true;
  return result;
}

std::int64_t Runner::do_accept(const Call& call) {
  const int fd = slt_accept(stack_, descriptor(call), nullptr, nullptr);
  if (fd < 0) return fd;
  descriptors_[call.result.number] = fd;
  info_descriptor_ = fd;
  return call.result.number;
}

std::int64_t Runner::do_connect(const Call& call) {
  socklen_t length = 0;
  const sockaddr_storage address =
      socket_address(flow_.peers.remote, flow_.peers.remote_port, profile_.mapped, length);
  return slt_connect(stack_, descriptor(call), reinterpret_cast<const sockaddr*>(&address), length);
}

std::int64_t Runner::do_read(const Call& call, int flags) {
  std::vector<std::uint8_t> buffer(
      static_cast<std::size_t>(std::max<std::int64_t>(number(call, 2), 1)));
  const bool null = call.arguments[1].kind == Value::Kind::number;
  return slt_recv(stack_, descriptor(call), null ? nullptr : buffer.data(),
                  static_cast<std::size_t>(number(call, 2)), flags);
}

std::int64_t Runner::do_write(const Call& call, std::int64_t count, int flags) {
  const int fd = descriptor(call);
  if (call.arguments[1].kind == Value::Kind::number)
    return slt_send(stack_, fd, nullptr, static_cast<std::size_t>(count), flags);
  std::uint64_t& written = written_[fd];
  std::vector<std::uint8_t> data(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < data.size(); ++i)
    data[i] = pattern(static_cast<std::uint32_t>(written + i));
  const ssize_t result = slt_send(stack_, fd, data.data(), data.size(), flags);
  if (result > 0) written += static_cast<std::uint64_t>(result);
  return result;
}

std::int64_t Runner::do_getsockopt(const Call& call) {
  const int level = static_cast<int>(number(call, 1));
  const int name = static_cast<int>(number(call, 2));
  int value = 0;
  socklen_t size = sizeof value;
  const int result = slt_getsockopt(stack_, descriptor(call), level, name, &value, &size);
  // The size of a buffer is the system's business.
  const bool buffer = level == SOL_SOCKET && (name == SO_RCVBUF || name == SO_SNDBUF);
  if (result < 0 || buffer) return result;
  const std::int64_t wanted = only_item(call, 3);
  if (value != wanted)
    throw Failure("expected " + call.text + ", the value is " + std::to_string(value) +
                  (name == SO_ERROR && value != 0 ? std::string(" ") + errno_name(value) : ""));
  return result;
}

std::int64_t Runner::do_setsockopt(const Call& call) {
  const int level = static_cast<int>(number(call, 1));
  const int name = static_cast<int>(number(call, 2));
  if (const Value& given = call.arguments.at(3); given.kind == Value::Kind::record) {
    const Value* on = given.field("onoff");
    const Value* seconds = given.field("linger");
    if (on == nullptr || seconds == nullptr) throw Unsupported("that option is not supported");
    const linger value{static_cast<int>(on->number), static_cast<int>(seconds->number)};
    return slt_setsockopt(stack_, descriptor(call), level, name, &value, sizeof value);
  }
  const int value = static_cast<int>(only_item(call, 3));
  return slt_setsockopt(stack_, descriptor(call), level, name, &value, sizeof value);
}

std::int64_t Runner::do_fcntl(const Call& call) {
  const std::int64_t fd = number(call, 0);
  if (!descriptors_.contains(fd)) return -EBADF;
  if (number(call, 1) == F_GETFL) return O_RDWR | (non_blocking_[fd] ? O_NONBLOCK : 0);
  non_blocking_[fd] = (number(call, 2) & O_NONBLOCK) != 0;
  return 0;
}

std::int64_t Runner::do_ioctl(const Call& call) {
  const std::int64_t request = number(call, 1);
  if (request != SIOCINQ && request != SIOCOUTQ) throw Unsupported("that ioctl is not supported");
  const int result = slt_queued(stack_, descriptor(call), request == SIOCINQ ? 0 : 1);
  if (result >= 0 && result != only_item(call, 2))
    throw Failure("expected " + call.text + ", the value is " + std::to_string(result));
  return std::min(result, 0);
}

std::int64_t Runner::do_poll(const Call& call) {
  std::int64_t ready = 0;
  for (const Value& item : call.arguments.at(0).items) {
    const Value* fd = item.field("fd");
    const Value* events = item.field("events");
    const Value* wanted = item.field("revents");
    if (fd == nullptr || events == nullptr || wanted == nullptr)
      throw Unsupported("that form of poll is not supported");
    const int bits = slt_poll(stack_, descriptors_[fd->number]);
    if (bits < 0) return bits;
    const std::int64_t told = bits & (events->number | POLLERR | POLLHUP);
    if (told != 0) ++ready;
    if (told != 0 && told != wanted->number)
      throw Failure("expected " + call.text + ", the events are " + std::to_string(told));
  }
  return ready;
}

}  // namespace sluice::script
