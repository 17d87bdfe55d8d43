// A TCP/IP stack behind the C interface of tests/tcp_test_abi, loaded from a shared library, so
// that any stack with that interface can be measured beside ours.
#pragma once

#include <slt_abi.h>

#include <expected>
#include <string>

namespace sluice::bench {

// Stays loaded until the process ends.
struct StackLibrary {
  std::string name;  // file name without folder and suffix
  decltype(&slt_open) open = nullptr;
  decltype(&slt_close_stack) close_stack = nullptr;
  decltype(&slt_next_deadline) next_deadline = nullptr;
  decltype(&slt_advance) advance = nullptr;
  decltype(&slt_input) input = nullptr;
  decltype(&slt_output) output = nullptr;
  decltype(&slt_socket) socket = nullptr;
  decltype(&slt_bind) bind = nullptr;
  decltype(&slt_listen) listen = nullptr;
  decltype(&slt_accept) accept = nullptr;
  decltype(&slt_connect) connect = nullptr;
  decltype(&slt_recv) recv = nullptr;
  decltype(&slt_send) send = nullptr;
  decltype(&slt_close) close = nullptr;
  decltype(&slt_poll) poll = nullptr;
  decltype(&slt_stats_get) stats_get = nullptr;
};

std::expected<StackLibrary, std::string> load_library(const std::string& path);

}  // namespace sluice::bench
