// What the faulty server does with its connections, by the port they came to: echo (7), sink (9)
// and source (19). Sink and source know the octets: a block of pseudo-random ones, over and over.
#pragma once

#include <string>
#include <vector>

#include "engine/base/slab.h"
#include "engine/net/transport.h"

namespace sluice::net::test {

class FaultServices {
 public:
  explicit FaultServices(Transport& stack, std::size_t sessions_max);

  bool listen();
  // Serves every connection that is ready; between poll and flush.
  void work();

 private:
  struct Session {
    std::uint32_t kind = 0;
    std::uint64_t received = 0;
    bool changed = false;  // an octet was not what it should be
    std::string request;   // to the source: how many octets, then a newline
    std::uint64_t to_send = 0;
    std::uint64_t sent = 0;
    bool answered = false;
  };

  void serve(Connection& connection, Session& session);
  void echo(Connection& connection);
  void sink(Connection& connection, Session& session);
  void source(Connection& connection, Session& session);
  void check(Session& session, ByteView octets) const;
  void finish(Connection& connection, Session& session);

  Transport& stack_;
  std::vector<std::uint8_t> block_;
  Slab<Session> sessions_;
};

}  // namespace sluice::net::test
