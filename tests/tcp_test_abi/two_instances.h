// Instances of the C interface in a test, and two of them joined by a wire without loss.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/tcp_test_abi/slt_abi.h"

namespace sluice::net::abi {

inline constexpr std::uint64_t kStart = 5'000'000'000;
inline constexpr std::uint64_t kMs = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000 * kMs;

using Octets = std::vector<std::uint8_t>;

class Owned {
 public:
  explicit Owned(const char* address, const char* options = "", std::uint64_t seed = 1,
                 std::uint32_t mtu = 0) {
    const char* addresses[] = {address, nullptr};
    const slt_config config{SLT_ABI_VERSION, sizeof(slt_config), kStart, seed, mtu, 0, addresses,
                            options};
    stack_ = slt_open(&config, problem_, sizeof problem_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { slt_close_stack(stack_); }

  operator slt_stack*() const { return stack_; }
  bool open() const { return stack_ != nullptr; }
  std::string problem() const { return problem_; }

  std::uint64_t left_at = 0;  // when the packet that output() returned last did
  Octets output() {
    Octets octets(65'535);
    const ssize_t length = slt_output(stack_, octets.data(), octets.size(), &left_at);
    octets.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return octets;
  }
  slt_stats stats() const {
    slt_stats stats{};
    stats.struct_size = sizeof stats;
    EXPECT_EQ(slt_stats_get(stack_, &stats), 0);
    return stats;
  }

 private:
  char problem_[200] = "";
  slt_stack* stack_ = nullptr;
};

inline sockaddr_in address_v4(const char* text, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  EXPECT_EQ(inet_pton(AF_INET, text, &address.sin_addr), 1);
  return address;
}

inline const sockaddr* plain(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A client at 10.0.0.1 and a server at 10.0.0.2 that listens on port 25.
class Two {
 public:
  explicit Two(const char* options = "", std::uint64_t seed = 1, std::uint32_t mtu = 0)
      : client("10.0.0.1", options, seed, mtu), server("10.0.0.2", options, seed + 1, mtu) {
    listener = slt_socket(server, AF_INET);
    const sockaddr_in local = address_v4("10.0.0.2", 25);
    EXPECT_EQ(slt_bind(server, listener, plain(local), sizeof local), 0);
    EXPECT_EQ(slt_listen(server, listener, 1'000'000), 0);
  }

  // Carries packets until none is left; notes them all.
  void settle() {
    for (bool busy = true; busy;) {
      busy = carry(client, server);
      busy = carry(server, client) || busy;
    }
  }
  void pass(std::uint64_t ns) {
    for (const std::uint64_t end = now + ns; now < end;) {
      const std::uint64_t due = std::min(slt_next_deadline(client), slt_next_deadline(server));
      now = std::min(std::max(due, now), end);
      slt_advance(client, now);
      slt_advance(server, now);
      settle();
      if (due <= now) continue;
      now = end;
    }
    slt_advance(client, now);
    slt_advance(server, now);
    settle();
  }
  int connect() {
    const int fd = slt_socket(client, AF_INET);
    const sockaddr_in remote = address_v4("10.0.0.2", 25);
    EXPECT_EQ(slt_connect(client, fd, plain(remote), sizeof remote), -EINPROGRESS);
    settle();
    return fd;
  }
  int accept() { return slt_accept(server, listener, nullptr, nullptr); }

  Owned client;
  Owned server;
  int listener = -1;
  std::uint64_t now = kStart;
  std::vector<Octets> carried;
  bool keep = false;

 private:
  bool carry(Owned& from, Owned& to) {
    bool any = false;
    for (Octets packet = from.output(); !packet.empty(); packet = from.output(), any = true) {
      EXPECT_EQ(slt_input(to, packet.data(), packet.size()), 0);
      if (keep) carried.push_back(packet);
    }
    return any;
  }
};

}  // namespace sluice::net::abi
