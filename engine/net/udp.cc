#include "engine/net/udp.h"

#include <cstring>
#include <utility>

#include "engine/net/reply_probe.h"

namespace sluice::net {
namespace {

constexpr std::uint16_t kPortFirst = 16'384;
constexpr std::uint32_t kPortCount = 49'152;

bool overlap(const Endpoint& a, const Endpoint& b) noexcept {
  return a.port == b.port &&
         (a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified());
}

}  // namespace

Udp::Udp(const StackOptions& options, Port& port, IpOutput& ip, Random& random,
         StackCounters& counters)
    : port_(port),
      ip_(ip),
      random_(random),
      counters_(counters),
      verify_checksums_(options.verify_checksums),
      queue_(kUdpQueuedInAll),
      sockets_(kUdpSocketsMax, *this) {}

std::expected<DatagramSocket*, NetError> Udp::open(const Options& options) {
  Endpoint local = options.local;
  if (options.peer) {
    const bool any = local.address.is_unspecified();
    const auto path =
        ip_.path_to(options.peer->address, any ? std::nullopt : std::optional(local.address));
    if (!path) return std::unexpected(NetError::unreachable);
    local.address = path->local;
  } else if (!local.address.is_unspecified() && !ip_.is_known(local.address)) {
    return std::unexpected(NetError::unreachable);
  }
  if (local.port != 0 && is_taken(local, options.peer)) return std::unexpected(NetError::in_use);
  Socket* socket = sockets_.acquire();
  if (socket == nullptr) return std::unexpected(NetError::no_resources);
  socket->bound = local;
  socket->peer = options.peer;
  socket->owner = options.owner;
  socket->failure.reset();
  if (local.port == 0 && !choose_port(*socket)) {
    sockets_.release(*socket);
    return std::unexpected(NetError::no_resources);
  }
  open_.push_back(*socket);
  return socket;
}

void Udp::close(DatagramSocket& socket) noexcept {
  auto& closed = static_cast<Socket&>(socket);
  while (!closed.received.empty()) closed.pop();
  closed.open_link.unlink();
  closed.ready_link.unlink();
  sockets_.release(closed);
}

// From a random start to the first free one whose answers come to this core (RFC 6056 3.3.1).
bool Udp::choose_port(Socket& socket) noexcept {
  const Endpoint peer = socket.peer.value_or(Endpoint{});
  const ReplyProbe probe(port_, socket.bound.address, peer.address, kProtocolUdp);
  auto port = static_cast<std::uint32_t>(random_.below(kPortCount));
  for (std::uint32_t tries = 0; tries < kUdpPortTriesMax; ++tries, port = (port + 1) % kPortCount) {
    socket.bound.port = static_cast<std::uint16_t>(kPortFirst + port);
    if (is_taken(socket.bound, socket.peer)) continue;
    if (!socket.peer || probe.reaches_us(socket.bound.port, peer.port)) return true;
  }
  return false;
}

// Sockets share an endpoint only when each has a peer of its own.
bool Udp::is_taken(const Endpoint& local, const std::optional<Endpoint>& peer) noexcept {
  for (Socket* other = open_.front(); other != nullptr; other = open_.next(*other))
    if (overlap(other->bound, local) && other->peer == peer) return true;
  return false;
}

// The socket with exactly this peer goes before one that takes datagrams from anybody.
Udp::Socket* Udp::find(const Endpoint& local, const Endpoint& remote) noexcept {
  Socket* open_to_all = nullptr;
  for (Socket* socket = open_.front(); socket != nullptr; socket = open_.next(*socket)) {
    if (!overlap(socket->bound, local)) continue;
    if (socket->peer == remote) return socket;
    if (!socket->peer) open_to_all = socket;
  }
  return open_to_all;
}

Udp::Taken Udp::datagram_in(PacketPtr& packet, const IpDatagram& ip) noexcept {
  const auto header = parse_udp(packet->bytes());
  if (!header || !checksum_good(*packet, *header, ip)) return Taken::malformed;
  const Endpoint local{ip.destination, header->destination_port};
  const Endpoint remote{ip.source, header->source_port};
  Socket* socket = find(local, remote);
  if (socket == nullptr) return Taken::nobody;
  Received* received = socket->queued < kUdpQueuedPerSocket ? queue_.acquire() : nullptr;
  if (received == nullptr) {
    ++counters_.dropped_no_resources;
    return Taken::yes;
  }
  packet->length = header->length;
  packet->trim_front(kUdpHeaderLength);
  received->packet = std::move(packet);
  received->local = local;
  received->remote = remote;
  socket->received.push_back(*received);
  ++socket->queued;
  ++counters_.datagrams_in;
  mark_ready(*socket);
  return Taken::yes;
}

bool Udp::checksum_good(const Packet& packet, const UdpHeader& header,
                        const IpDatagram& ip) const noexcept {
  if (!verify_checksums_ || (packet.flags & kRxL4ChecksumGood) != 0) return true;
  if (header.checksum == 0) return ip.source.is_v4();
  const std::uint16_t pseudo =
      pseudo_header_sum(ip.source, ip.destination, kProtocolUdp, header.length);
  return checksum_add(pseudo, checksum_sum(packet.bytes().first(header.length))) == 0xffff;
}

// RFC 1122 4.1.3.3: passed to the socket whose datagram is quoted.
void Udp::error_in(const IpError& error) noexcept {
  const Endpoint remote{error.remote, error.remote_port};
  Socket* socket = find({error.local, error.local_port}, remote);
  const bool concerns =
      socket != nullptr && socket->peer == remote && error.kind != IpError::Kind::packet_too_big;
  if (!concerns) return;
  const bool hard = error.kind == IpError::Kind::unreachable_hard;
  socket->failure = hard ? NetError::refused : NetError::unreachable;
  mark_ready(*socket);
}

std::expected<void, NetError> Udp::send(Socket& socket, const Endpoint& remote,
                                        ByteView payload) noexcept {
  const bool any = socket.bound.address.is_unspecified();
  const bool to_peer = !socket.peer || *socket.peer == remote;
  const auto path = to_peer ? ip_.path_to(remote.address,
                                          any ? std::nullopt : std::optional(socket.bound.address))
                            : std::nullopt;
  if (!path || remote.port == 0) return std::unexpected(NetError::unreachable);
  const std::uint32_t headers = ip_header_length(remote.address) + kUdpHeaderLength;
  PacketPtr packet(ip_.pool().allocate());
  if (!packet) return std::unexpected(NetError::no_resources);
  if (payload.size() > std::min(ip_.mtu(remote.address), packet->room) - headers)
    return std::unexpected(NetError::too_large);
  std::memcpy(packet->data, payload.data(), payload.size());
  packet->length = static_cast<std::uint32_t>(payload.size());
  std::uint8_t* at = packet->push_front(kUdpHeaderLength);
  write_udp(at, {socket.bound.port, remote.port, static_cast<std::uint16_t>(packet->length), 0});
  std::uint16_t sum = pseudo_header_sum(path->local, path->remote, kProtocolUdp, packet->length);
  if (ip_.capabilities().tx_udp_checksum) {
    packet->flags = kTxUdpChecksum;
  } else {
    sum = static_cast<std::uint16_t>(~checksum_add(sum, checksum_sum(packet->bytes())));
    if (sum == 0) sum = 0xffff;  // zero says that there is none
  }
  store16(at + 6, sum);
  ++counters_.datagrams_out;
  // A datagram that a narrow link would drop is cut by its router rather than lost (RFC
  // 1122 4.1.4).
  ip_.send(std::move(packet), *path, {.protocol = kProtocolUdp, .dont_fragment = false}, now_);
  return {};
}

void Udp::mark_ready(Socket& socket) noexcept {
  if (!socket.ready_link.linked()) ready_.push_back(socket);
}

std::optional<Datagram> Udp::Socket::front() const noexcept {
  const Received* oldest = received.front();
  if (oldest == nullptr) return {};
  return Datagram{oldest->local, oldest->remote, oldest->packet->bytes()};
}

void Udp::Socket::pop() noexcept {
  Received* oldest = received.pop_front();
  if (oldest == nullptr) return;
  oldest->packet.reset();
  --queued;
  udp.queue_.release(*oldest);
}

std::optional<NetError> Udp::Socket::take_error() noexcept {
  return std::exchange(failure, std::nullopt);
}

}  // namespace sluice::net
