// One question on its way to a server, and who waits for the answer. Pooled by the resolver.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/intrusive_list.h"
#include "engine/dns/answers.h"
#include "engine/net/datagram.h"

namespace sluice::dns {

// Whom an answer is for: given with the question, comes back with the answer.
struct Token {
  std::uint32_t asker = 0;  // which part of the worker
  std::uint64_t id = 0;     // its own affair
};

struct Flight {
  ListLink link;
  Question question;
  std::vector<Token> tokens;  // as many as sessions and deliveries ask, which are pooled
  bool is_probe = false;
  std::uint16_t id = 0;
  std::uint32_t tries = 0;
  std::uint32_t refusals = 0;  // servers that could not say
  std::size_t server = 0;      // index
  Instant deadline{};
  net::DatagramSocket* socket = nullptr;
  net::Connection* connection = nullptr;  // over TCP
  std::vector<std::uint8_t> unsent;       // over TCP: what the connection has not taken yet
  std::vector<std::uint8_t> received;     // over TCP: length and message, as far as they are here
};

}  // namespace sluice::dns
