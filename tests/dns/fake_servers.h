// DNS servers without a network: datagrams and connections end in a function of the test.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>

#include "tests/support/dns_message.h"

#include "engine/net/datagram.h"
#include "engine/net/transport.h"

namespace sluice::dns {

struct Asked {
  Endpoint server;
  Question question;
  std::uint16_t id = 0;
  std::uint16_t port = 0;  // of the asker
  bool over_tcp = false;
};

// What a server sends back: nothing, or octets.
using Serve = std::function<std::vector<std::uint8_t>(const Asked&)>;

// The question of a message as make_question() writes it.
inline Question question_in(ByteView message) {
  std::string name;
  std::size_t at = 12;
  for (; message[at] != 0; at += message[at] + 1U) {
    if (!name.empty()) name += '.';
    name += as_text(message.subspan(at + 1, message[at]));
  }
  return {name, static_cast<Type>(message[at + 1] << 8 | message[at + 2])};
}

class FakeServers final : public net::DatagramTransport {
 public:
  struct Socket final : net::DatagramSocket {
    Endpoint local() const noexcept override { return bound; }
    std::expected<void, net::NetError> send(const Endpoint& to,
                                            ByteView payload) noexcept override {
      return servers->take(*this, to, payload);
    }
    std::optional<net::Datagram> front() const noexcept override {
      if (inbox.empty()) return {};
      return net::Datagram{bound, peer, inbox.front()};
    }
    void pop() noexcept override { inbox.pop_front(); }
    std::optional<net::NetError> take_error() noexcept override {
      return std::exchange(error, std::nullopt);
    }
    FakeServers* servers = nullptr;
    Endpoint bound, peer;
    std::deque<std::vector<std::uint8_t>> inbox;
    std::optional<net::NetError> error;
  };

  std::expected<net::DatagramSocket*, net::NetError> open(const Options& options) override {
    sockets.emplace_back();
    Socket& socket = sockets.back();
    socket.servers = this;
    socket.peer = *options.peer;
    socket.bound.port = next_port++;
    socket.owner = options.owner;
    return &socket;
  }
  void close(net::DatagramSocket& closed) noexcept override {
    ready.erase(static_cast<Socket*>(&closed));
    sockets.remove_if([&](const Socket& socket) { return &socket == &closed; });
  }
  net::DatagramSocket* next_ready_socket() noexcept override {
    if (ready.empty()) return nullptr;
    Socket* socket = *ready.begin();
    ready.erase(ready.begin());
    return socket;
  }
  std::expected<void, net::NetError> take(Socket& socket, const Endpoint& to, ByteView payload) {
    const Asked one{to, question_in(payload),
                    static_cast<std::uint16_t>(payload[0] << 8 | payload[1]), socket.bound.port,
                    false};
    asked.push_back(one);
    if (refusing.contains(to)) {
      socket.error = net::NetError::refused;
      ready.insert(&socket);
      return {};
    }
    deliver(one, serve(one));
    return {};
  }
  void deliver(const Asked& one, std::vector<std::uint8_t> octets) {
    if (octets.empty()) return;
    for (Socket& socket : sockets)
      if (socket.bound.port == one.port) {
        socket.inbox.push_back(std::move(octets));
        ready.insert(&socket);
        return;
      }
  }

  Serve serve = [](const Asked&) { return std::vector<std::uint8_t>(); };
  std::vector<Asked> asked;
  std::set<Endpoint> refusing;
  std::list<Socket> sockets;
  std::set<Socket*> ready;
  std::uint16_t next_port = 20'000;
};

// A server's TCP port: answers whole questions, a few octets at a time.
class FakeTcp final : public net::Transport {
 public:
  struct Connection final : net::Connection {
    State state() const noexcept override { return State::open; }
    net::NetError error() const noexcept override { return {}; }
    ByteView readable() noexcept override {
      return ByteView(reply).first(std::min<std::size_t>(reply.size(), 7));
    }
    void consume(std::size_t count) noexcept override {
      reply.erase(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(count));
    }
    bool read_finished() const noexcept override { return closes && reply.empty(); }
    std::size_t unread() const noexcept override { return reply.size(); }
    std::size_t copy(MutableBytes out) const noexcept override {
      const std::size_t count = std::min(out.size(), reply.size());
      std::copy_n(reply.begin(), count, out.begin());
      return count;
    }
    bool input_ended() const noexcept override { return closes; }
    std::size_t write(ByteView octets) noexcept override {
      if (octets.empty()) return 0;
      const ByteView message = octets.subspan(2);
      const Asked one{server, question_in(message),
                      static_cast<std::uint16_t>(message[0] << 8 | message[1]), 0, true};
      const auto answer = transport->serve(one);
      if (!answer.empty()) {
        const std::string size = word(static_cast<unsigned>(answer.size()));
        reply.assign(size.begin(), size.end());
        reply.insert(reply.end(), answer.begin(), answer.end());
      }
      return octets.size();
    }
    std::size_t write_space() const noexcept override { return 4'096; }
    bool write_drained() const noexcept override { return true; }
    void close() noexcept override {}
    void abort() noexcept override {}
    Endpoint local() const noexcept override { return {}; }
    Endpoint remote() const noexcept override { return server; }
    FakeTcp* transport = nullptr;
    Endpoint server;
    std::vector<std::uint8_t> reply;
    bool closes = false;
  };

  std::expected<void, net::NetError> listen(Endpoint, std::uint32_t) override { return {}; }
  void stop_listening() noexcept override {}
  std::expected<net::Connection*, net::NetError> connect(Endpoint remote,
                                                         std::uint64_t owner) override {
    connections.emplace_back();
    connections.back().transport = this;
    connections.back().server = remote;
    connections.back().owner = owner;
    connections.back().closes = closes;
    return &connections.back();
  }
  std::size_t poll(Instant) noexcept override { return 0; }
  net::Connection* next_ready() noexcept override { return nullptr; }
  void requeue(net::Connection&) noexcept override {}
  void flush(Instant) noexcept override {}
  void release(net::Connection& released) noexcept override {
    connections.remove_if([&](const Connection& one) { return &one == &released; });
  }
  Instant next_deadline() const noexcept override { return Instant::never(); }
  int wait_descriptor() const noexcept override { return -1; }
  std::size_t open_connections() const noexcept override { return connections.size(); }

  Serve serve = [](const Asked&) { return std::vector<std::uint8_t>(); };
  std::list<Connection> connections;
  bool closes = false;
};

}  // namespace sluice::dns
