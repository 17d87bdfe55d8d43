// The socket calls: what they answer, in Linux's errno values and poll bits.
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>

#include "tests/tcp_test_abi/two_instances.h"

namespace sluice::net::abi {
namespace {

int option(slt_stack* stack, int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  const int error = slt_getsockopt(stack, fd, level, name, &value, &size);
  return error < 0 ? error : value;
}

int set_option(slt_stack* stack, int fd, int level, int name, int value) {
  return slt_setsockopt(stack, fd, level, name, &value, sizeof value);
}

}  // namespace

TEST(SltSockets, UnknownDescriptorsAndFamiliesAreRefused) {
  Owned stack("10.0.0.1");
  char octet = 0;
  EXPECT_EQ(slt_close(stack, 3), -EBADF);
  EXPECT_EQ(slt_recv(stack, -1, &octet, 1, 0), -EBADF);
  EXPECT_EQ(slt_poll(stack, 1'000'000), -EBADF);
  EXPECT_EQ(slt_socket(stack, AF_UNIX), -EAFNOSUPPORT);
  const int first = slt_socket(stack, AF_INET);
  const int second = slt_socket(stack, AF_INET6);
  EXPECT_EQ(slt_close(stack, first), 0);
  EXPECT_EQ(slt_socket(stack, AF_INET), first);  // the lowest that is free
  EXPECT_EQ(slt_close(stack, second), 0);
}

TEST(SltSockets, AFreshSocketIsNotConnected) {
  Owned stack("10.0.0.1");
  const int fd = slt_socket(stack, AF_INET);
  char octet = 0;
  EXPECT_EQ(slt_recv(stack, fd, &octet, 1, 0), -ENOTCONN);
  EXPECT_EQ(slt_send(stack, fd, &octet, 1, 0), -EPIPE);
  EXPECT_EQ(slt_shutdown(stack, fd, SHUT_WR), -ENOTCONN);
  EXPECT_EQ(slt_accept(stack, fd, nullptr, nullptr), -EINVAL);
  EXPECT_EQ(slt_poll(stack, fd), POLLOUT | POLLHUP);
}

TEST(SltSockets, BindChecksAddressAndPort) {
  Owned stack("10.0.0.1");
  const int fd = slt_socket(stack, AF_INET);
  const sockaddr_in ours = address_v4("10.0.0.1", 25), another = address_v4("10.0.0.9", 25);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  EXPECT_EQ(slt_bind(stack, fd, plain(another), sizeof another), -EADDRNOTAVAIL);
  EXPECT_EQ(slt_bind(stack, fd, reinterpret_cast<sockaddr*>(&v6), sizeof v6), -EAFNOSUPPORT);
  EXPECT_EQ(slt_bind(stack, fd, plain(ours), 4), -EINVAL);
  EXPECT_EQ(slt_bind(stack, fd, plain(ours), sizeof ours), 0);
  EXPECT_EQ(slt_bind(stack, fd, plain(ours), sizeof ours), -EINVAL);
  EXPECT_EQ(slt_listen(stack, fd, 5), 0);
  const int second = slt_socket(stack, AF_INET);
  EXPECT_EQ(slt_bind(stack, second, plain(ours), sizeof ours), -EADDRINUSE);
  EXPECT_EQ(slt_connect(stack, fd, plain(another), sizeof another), -EISCONN);
}

TEST(SltSockets, ConnectSaysHowFarItIs) {
  Two two;
  const int fd = slt_socket(two.client, AF_INET);
  const sockaddr_in remote = address_v4("10.0.0.2", 25);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), -EINPROGRESS);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), -EALREADY);
  EXPECT_EQ(slt_poll(two.client, fd), 0);
  two.settle();
  EXPECT_EQ(slt_poll(two.client, fd), POLLOUT);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), 0);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), -EISCONN);
}

TEST(SltSockets, ARefusedConnectionTellsItOnce) {
  Two two;
  const int fd = slt_socket(two.client, AF_INET);
  const sockaddr_in remote = address_v4("10.0.0.2", 26);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), -EINPROGRESS);
  two.settle();
  EXPECT_EQ(slt_poll(two.client, fd), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
  EXPECT_EQ(option(two.client, fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(option(two.client, fd, SOL_SOCKET, SO_ERROR), 0);
}

TEST(SltSockets, AConnectionFromABoundSocketComesFromThere) {
  Two two;
  const int fd = slt_socket(two.client, AF_INET);
  const sockaddr_in local = address_v4("10.0.0.1", 4'000), remote = address_v4("10.0.0.2", 25);
  EXPECT_EQ(slt_bind(two.client, fd, plain(local), sizeof local), 0);
  EXPECT_EQ(slt_connect(two.client, fd, plain(remote), sizeof remote), -EINPROGRESS);
  two.settle();
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  EXPECT_GE(slt_accept(two.server, two.listener, reinterpret_cast<sockaddr*>(&peer), &size), 0);
  EXPECT_EQ(ntohs(peer.sin_port), 4'000);
  EXPECT_EQ(peer.sin_addr.s_addr, local.sin_addr.s_addr);
}

TEST(SltSockets, PeekingLeavesWhatItShows) {
  Two two;
  const int fd = two.connect();
  const int peer = two.accept();
  EXPECT_EQ(slt_recv(two.server, peer, nullptr, 10, 0), -EFAULT);
  char octets[10] = "";
  EXPECT_EQ(slt_recv(two.server, peer, octets, sizeof octets, 0), -EAGAIN);
  EXPECT_EQ(slt_send(two.client, fd, "hello", 5, 0), 5);
  two.settle();
  EXPECT_EQ(slt_queued(two.server, peer, 0), 5);
  EXPECT_EQ(slt_recv(two.server, peer, octets, sizeof octets, MSG_PEEK), 5);
  EXPECT_EQ(slt_recv(two.server, peer, octets, 2, 0), 2);
  EXPECT_EQ(slt_recv(two.server, peer, octets, sizeof octets, 0), 3);
  EXPECT_EQ(slt_recv(two.server, peer, octets, sizeof octets, MSG_OOB), -EOPNOTSUPP);
}

TEST(SltSockets, AFullSendBufferWouldBlock) {
  Two two("sndbuf=10000");
  const int fd = two.connect();
  const Octets octets(50'000, 'x');
  ssize_t taken = 0, sent = 0;
  while ((taken = slt_send(two.client, fd, octets.data(), octets.size(), 0)) > 0) sent += taken;
  EXPECT_EQ(taken, -EAGAIN);
  EXPECT_EQ(sent, 10'000);
  EXPECT_EQ(slt_queued(two.client, fd, 1), 10'000);
  EXPECT_EQ(slt_poll(two.client, fd) & POLLOUT, 0);
  two.settle();
  EXPECT_EQ(slt_poll(two.client, fd) & POLLOUT, POLLOUT);
}

TEST(SltSockets, HalvesAreShutApart) {
  Two two;
  const int fd = two.connect();
  const int peer = two.accept();
  char octets[10];
  EXPECT_EQ(slt_shutdown(two.client, fd, SHUT_WR), 0);
  two.settle();
  EXPECT_EQ(slt_send(two.client, fd, "x", 1, 0), -EPIPE);
  EXPECT_EQ(slt_poll(two.server, peer), POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(slt_recv(two.server, peer, octets, sizeof octets, 0), 0);
  EXPECT_EQ(slt_send(two.server, peer, "x", 1, 0), 1);
  two.settle();
  EXPECT_EQ(slt_recv(two.client, fd, octets, sizeof octets, 0), 1);
  EXPECT_EQ(slt_shutdown(two.server, peer, 99), -EINVAL);
}

TEST(SltSockets, OptionsKeepWhatIsSet) {
  Two two;
  const int fd = slt_socket(two.client, AF_INET);
  for (const auto& [level, name, value] :
       std::vector<std::tuple<int, int, int>>{{SOL_SOCKET, SO_REUSEADDR, 1},
                                              {SOL_SOCKET, SO_KEEPALIVE, 1},
                                              {IPPROTO_TCP, TCP_MAXSEG, 900},
                                              {IPPROTO_TCP, TCP_NODELAY, 1},
                                              {IPPROTO_TCP, TCP_KEEPIDLE, 30},
                                              {IPPROTO_TCP, TCP_KEEPINTVL, 5},
                                              {IPPROTO_TCP, TCP_KEEPCNT, 3},
                                              {IPPROTO_TCP, TCP_USER_TIMEOUT, 4'000}}) {
    EXPECT_EQ(set_option(two.client, fd, level, name, value), 0) << name;
    EXPECT_EQ(option(two.client, fd, level, name), value) << name;
  }
  EXPECT_EQ(set_option(two.client, fd, IPPROTO_TCP, TCP_MAXSEG, 10), -EINVAL);
  EXPECT_EQ(set_option(two.client, fd, IPPROTO_TCP, TCP_FASTOPEN, 1), -ENOPROTOOPT);
  EXPECT_EQ(option(two.client, fd, SOL_IP, 0), -ENOPROTOOPT);
}

TEST(SltSockets, TcpInfoTellsTheState) {
  Two two;
  const int fd = two.connect();
  tcp_info info{};
  socklen_t size = sizeof info;
  EXPECT_EQ(slt_getsockopt(two.client, fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_state, 1);  // TCP_ESTABLISHED
  EXPECT_EQ(info.tcpi_snd_mss, 1'448u);
  EXPECT_EQ(info.tcpi_advmss, 1'460u);
  EXPECT_EQ(info.tcpi_snd_cwnd, 10u);
  size = 1;  // a caller with less room gets the beginning
  EXPECT_EQ(slt_getsockopt(two.client, two.listener, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(size, 1u);
}

}  // namespace sluice::net::abi
