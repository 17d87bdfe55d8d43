#include "tests/tcp_test_abi/instance.h"

#include <algorithm>
#include <cerrno>
#include <functional>

namespace sluice::net::abi {
namespace {

constexpr int kFirstDescriptor = 3;  // as in a process that has its standard streams

}  // namespace

Instance::Instance(const StackOptions& options, std::uint16_t mtu, Instant start)
    : options_(options),
      port_(mtu),
      now_(start),
      stack_(make_stack(options, port_, start)),
      tcp_(tcp_of(*stack_)) {
  port_.set_now(start);
  stack_->poll(start);
  settle();
}

Instance::~Instance() = default;

Instant Instance::next_deadline() const {
  return std::min(tcp_.next_timer(), tcp_.next_time_wait());
}

void Instance::advance(Instant to) {
  if (to < now_) return;
  for (Instant due = next_deadline(); due <= to; due = next_deadline()) {
    now_ = std::max(now_, due);
    port_.set_now(now_);
    stack_->poll(now_);
    settle();
  }
  now_ = to;
  port_.set_now(now_);
  stack_->poll(now_);
  settle();
}

int Instance::input(ByteView packet) {
  if (packet.size() > kDatagramMax || packet.empty()) return -EINVAL;
  const unsigned version = packet[0] >> 4;
  if (version != 4 && version != 6) return -EINVAL;
  if (packet.size() < (version == 4 ? kIpv4HeaderLength : kIpv6HeaderLength)) return -EINVAL;
  if (!port_.arrive(packet)) return -ENOBUFS;
  stack_->poll(now_);
  settle();
  return 0;
}

// The list of what is ready is for sessions; here the state is read when it is asked for. Only
// connections that wait to be accepted have to stay in it.
void Instance::settle() {
  for (const tcp::Tcb* tcb = tcp_.first_ready(); tcb != nullptr && !tcb->unaccepted;
       tcb = tcp_.first_ready())
    tcp_.next_ready();
  stack_->flush(now_);
}

int Instance::add(Socket socket) {
  if (free_.empty()) {
    free_.push_back(static_cast<int>(sockets_.size()));
    sockets_.emplace_back();
  }
  std::pop_heap(free_.begin(), free_.end(), std::greater<>());
  const int index = free_.back();
  free_.pop_back();
  sockets_[static_cast<std::size_t>(index)] = std::make_unique<Socket>(std::move(socket));
  return index + kFirstDescriptor;
}

int Instance::open(int family) {
  Socket socket;
  socket.options = tcp_.default_options();
  socket.family = family;
  return add(std::move(socket));
}

Socket* Instance::find(int fd) {
  const std::size_t index = static_cast<std::size_t>(fd - kFirstDescriptor);
  return fd < kFirstDescriptor || index >= sockets_.size() ? nullptr : sockets_[index].get();
}

void Instance::remove(int fd) {
  sockets_[static_cast<std::size_t>(fd - kFirstDescriptor)].reset();
  free_.push_back(fd - kFirstDescriptor);
  std::push_heap(free_.begin(), free_.end(), std::greater<>());
}

bool Instance::owns(const IpAddress& address) const {
  return std::any_of(options_.addresses.begin(), options_.addresses.end(),
                     [&](const Prefix& own) { return own.address == address; });
}

void Instance::statistics(slt_stats& out) const {
  const StackCounters counters = stack_counters(*stack_);
  out.time_wait = static_cast<std::uint32_t>(counters.time_wait);
  out.tcbs = static_cast<std::uint32_t>(counters.connections + counters.time_wait);
  out.syn_received = static_cast<std::uint32_t>(counters.half_open);
  out.packet_buffers = static_cast<std::uint32_t>(port_.pool().in_use());
  const std::size_t descriptors = sockets_.size() - free_.size();
  out.timers_armed = static_cast<std::uint32_t>(tcp_.timers_armed() + counters.time_wait);
  out.bytes_held = counters.connections * sizeof(tcp::Tcb) +
                   counters.time_wait * sizeof(tcp::TimeWait) + descriptors * sizeof(Socket) +
                   port_.pool().octets_in_use();
  out.segs_in = counters.segments_in;
  out.segs_out = counters.segments_out;
  out.segs_retrans = counters.segments_retransmitted;
  out.segs_bad = counters.dropped_malformed;
  out.rst_out = counters.resets_out;
  out.challenge_acks = counters.challenge_acks;
}

}  // namespace sluice::net::abi
