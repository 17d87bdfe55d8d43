// UDP for one core (RFC 768, RFC 1122 4.1): a small table of sockets with bounded queues.
#pragma once

#include <vector>

#include "engine/base/intrusive_list.h"
#include "engine/base/random.h"
#include "engine/base/slab.h"
#include "engine/net/datagram.h"
#include "engine/net/ip_output.h"
#include "engine/net/wire/udp.h"

namespace sluice::net {

inline constexpr std::size_t kUdpSocketsMax = 64;         // per core
inline constexpr std::size_t kUdpQueuedPerSocket = 64;    // datagrams; beyond it they are dropped
inline constexpr std::size_t kUdpQueuedInAll = 512;       // datagrams
inline constexpr std::uint32_t kUdpPortTriesMax = 1'024;  // ephemeral ports tried per open()

class Udp final : public DatagramTransport {
 public:
  Udp(const StackOptions& options, Port& port, IpOutput& ip, Random& random,
      StackCounters& counters);

  std::expected<DatagramSocket*, NetError> open(const Options& options) override;
  void close(DatagramSocket& socket) noexcept override;
  DatagramSocket* next_ready_socket() noexcept override { return ready_.pop_front(); }

  enum class Taken : std::uint8_t { yes, malformed, nobody };
  // `packet` starts with the UDP header and is left alone unless it is taken.
  Taken datagram_in(PacketPtr& packet, const IpDatagram& ip) noexcept;
  void error_in(const IpError& error) noexcept;
  // Whether a socket of ours would take a datagram to this endpoint.
  bool takes(const Endpoint& local, const Endpoint& remote) noexcept {
    return find(local, remote) != nullptr;
  }
  void set_now(Instant now) noexcept { now_ = now; }

 private:
  struct Received {
    PacketPtr packet;  // trimmed to the payload
    Endpoint local;
    Endpoint remote;
    ListLink link;
  };
  struct Socket final : DatagramSocket {
    explicit Socket(Udp& udp_in) : udp(udp_in) {}
    Endpoint local() const noexcept override { return bound; }
    std::expected<void, NetError> send(const Endpoint& remote, ByteView payload) noexcept override {
      return udp.send(*this, remote, payload);
    }
    std::optional<Datagram> front() const noexcept override;
    void pop() noexcept override;
    std::optional<NetError> take_error() noexcept override;

    Udp& udp;
    Endpoint bound;
    std::optional<Endpoint> peer;
    std::optional<NetError> failure;
    mutable IntrusiveList<Received, &Received::link> received;
    std::size_t queued = 0;
    ListLink open_link;
    ListLink ready_link;
  };

  Socket* find(const Endpoint& local, const Endpoint& remote) noexcept;
  bool choose_port(Socket& socket) noexcept;
  bool is_taken(const Endpoint& local, const std::optional<Endpoint>& peer) noexcept;
  std::expected<void, NetError> send(Socket& socket, const Endpoint& remote,
                                     ByteView payload) noexcept;
  bool checksum_good(const Packet& packet, const UdpHeader& header,
                     const IpDatagram& ip) const noexcept;
  void mark_ready(Socket& socket) noexcept;

  Port& port_;
  IpOutput& ip_;
  Random& random_;
  StackCounters& counters_;
  bool verify_checksums_;
  Instant now_{};
  Slab<Received> queue_;
  Slab<Socket> sockets_;
  IntrusiveList<Socket, &Socket::open_link> open_;
  IntrusiveList<Socket, &Socket::ready_link> ready_;
};

}  // namespace sluice::net
