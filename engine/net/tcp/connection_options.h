// What can differ from connection to connection. A listener gives its own to what it accepts.
#pragma once

#include <cstdint>

#include "engine/net/stack.h"

namespace sluice::net::tcp {

struct ConnectionOptions {
  ConnectionOptions() = default;
  explicit ConnectionOptions(const StackOptions& defaults) noexcept
      : receive_buffer(defaults.receive_window),
        send_buffer(defaults.send_buffer),
        user_timeout_ms(static_cast<std::uint32_t>(defaults.user_timeout.ms())),
        keep_idle_ms(static_cast<std::uint32_t>(defaults.keep_alive.ms())),
        no_delay(defaults.no_delay) {}

  std::uint32_t receive_buffer = 0;         // octets; what the window is made of
  std::uint32_t send_buffer = 0;            // octets that write() takes before ACKs come
  std::uint32_t user_timeout_ms = 0;        // without progress (RFC 9293 3.8.3, RFC 5482)
  std::uint32_t keep_idle_ms = 0;           // RFC 9293 3.8.4; 0 = no probes
  std::uint32_t keep_interval_ms = 75'000;  // between probes
  std::uint16_t mss_max = 0;                // announced and used at most; 0 = what the path takes
  std::uint8_t keep_count = 9;              // probes without an answer that end the connection
  bool no_delay = false;                    // no Nagle (RFC 9293 3.7.4)
};

}  // namespace sluice::net::tcp
