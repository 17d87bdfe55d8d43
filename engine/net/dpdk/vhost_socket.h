// The unix socket on which a net_vhost device waits for its peer: DPDK neither takes over one that
// a dead process left behind nor notices one that is in use.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sluice::net {

// Path of the socket that the device would create; empty when it creates none.
std::string vhost_socket_path(std::string_view device);
// Removes a left-over socket. An error when another process listens on it, or it is something else.
std::expected<void, std::string> free_vhost_socket(std::string_view device);
void remove_vhost_socket(std::string_view device);

}  // namespace sluice::net
