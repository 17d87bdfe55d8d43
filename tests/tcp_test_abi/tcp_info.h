// The Linux view of a connection.
#pragma once

#include <linux/tcp.h>

#include "tests/tcp_test_abi/instance.h"

namespace sluice::net::abi {

tcp_info tcp_info_of(Instance& stack, const Socket& socket);

}  // namespace sluice::net::abi
