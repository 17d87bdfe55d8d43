// One stack with its port, its clock and its sockets. After each call everything that can leave has
// left.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/net/stack.h"
#include "engine/net/tcp/tcp.h"
#include "tests/tcp_test_abi/raw_port.h"
#include "tests/tcp_test_abi/slt_abi.h"

namespace sluice::net::abi {

// What stands behind a descriptor.
struct Socket {
  enum class Kind : std::uint8_t { fresh, listening, connection };

  int family = 0;
  Kind kind = Kind::fresh;
  bool connecting = false;   // connect() has not been seen to succeed yet
  bool error_taken = false;  // the failure of the connection was reported
  bool write_shut = false;
  bool reuse_address = false;
  bool keep_alive = false;
  bool bound = false;
  int linger_s = -1;                  // < 0: off
  std::uint32_t keep_idle_s = 7'200;  // RFC 9293 3.8.4
  Endpoint local;
  tcp::ConnectionOptions options;  // until there is a connection
  tcp::Tcb* tcb = nullptr;         // of a connection
};

class Instance {
 public:
  Instance(const StackOptions& options, std::uint16_t mtu, Instant start);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Instant next_deadline() const;
  Instant now() const { return now_; }
  void advance(Instant to);
  int input(ByteView packet);
  RawPort& port() { return port_; }

  int open(int family);
  Socket* find(int fd);
  int add(Socket socket);  // returns its descriptor
  void remove(int fd);

  Transport& stack() { return *stack_; }
  tcp::Tcp& tcp() { return tcp_; }
  const StackOptions& options() const { return options_; }
  bool owns(const IpAddress& address) const;
  void settle();  // after whatever may have changed something
  void statistics(slt_stats& out) const;

 private:
  StackOptions options_;
  RawPort port_;
  Instant now_;
  std::unique_ptr<Transport> stack_;
  tcp::Tcp& tcp_;
  std::vector<std::unique_ptr<Socket>> sockets_;  // by descriptor - kFirstDescriptor
  std::vector<int> free_;                         // a heap, lowest first
};

}  // namespace sluice::net::abi

// The C type.
struct slt_stack : sluice::net::abi::Instance {
  using Instance::Instance;
};
