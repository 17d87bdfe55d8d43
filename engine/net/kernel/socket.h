// The socket calls in the engine's terms.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/ip_address.h"
#include "engine/net/transport.h"

struct sockaddr;

namespace sluice::net {

// Errors are errno values here; net_error() is their meaning.
using SocketResult = std::expected<int, int>;

SocketResult open_listener(const Endpoint& local, int backlog);
// Connecting; whether it worked shows when the socket becomes writable.
SocketResult open_connection(const Endpoint& remote);
// A stream socket of this machine.
SocketResult open_local_connection(const std::string& path);
// EAGAIN when nobody waits.
SocketResult accept_connection(int listener);

// UDP. With a peer it is connected to it: nothing comes in from elsewhere, and ICMP is heard.
SocketResult open_datagram_socket(const Endpoint& local, const std::optional<Endpoint>& peer);
SocketResult send_datagram(int socket, const std::optional<Endpoint>& remote, ByteView payload);
// The octets received, cut to what `space` takes; EAGAIN when there is none.
SocketResult receive_datagram(int socket, MutableBytes space, Endpoint& sender);

// Of either family; else unspecified.
IpAddress address_of(const sockaddr& address) noexcept;
int pending_error(int socket) noexcept;  // SO_ERROR
Endpoint local_endpoint(int socket) noexcept;
Endpoint remote_endpoint(int socket) noexcept;
// The next close() sends RST and forgets what the kernel still holds.
void reset_on_close(int socket) noexcept;

NetError net_error(int error) noexcept;
// Out of descriptors or memory: trying again at once cannot work.
bool is_shortage(int error) noexcept;

}  // namespace sluice::net
