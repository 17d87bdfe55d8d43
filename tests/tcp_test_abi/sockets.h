// The socket calls of the interface, on descriptors that exist. Below zero: a negated errno value.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include "tests/tcp_test_abi/instance.h"

namespace sluice::net::abi {

int bind(Instance& stack, Socket& socket, const sockaddr* address, socklen_t length);
int listen(Instance& stack, Socket& socket, int fd, int backlog);
int accept(Instance& stack, Socket& listener, int fd, sockaddr* address, socklen_t* length);
int connect(Instance& stack, Socket& socket, const sockaddr* address, socklen_t length);
ssize_t receive(Instance& stack, Socket& socket, std::span<std::uint8_t> out, int flags);
ssize_t send(Instance& stack, Socket& socket, ByteView octets, int flags);
int shutdown(Instance& stack, Socket& socket, int how);
void close(Instance& stack, Socket& socket, int fd);
int poll(Instance& stack, const Socket& socket);
int queued(const Socket& socket, int which);

// The error that ended the connection, once; 0 when there is none.
int take_error(Socket& socket);

// socket_options.cc
int get_option(Instance& stack, Socket& socket, int level, int name, void* value, socklen_t* size);
int set_option(Instance& stack, Socket& socket, int level, int name, const void* value,
               socklen_t size);

}  // namespace sluice::net::abi
