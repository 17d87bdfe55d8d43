// An SMTP server that takes everything and keeps nothing, or each message in a file: the next hop
// of tests and benchmarks. The engine's own SMTP server with a trivial handler, so it is also what
// transport and SMTP cost without scan and queue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/slab.h"
#include "engine/net/transport.h"
#include "engine/smtp/server_session.h"
#include "tools/loadgen/sink/store.h"

namespace sluice::load {

struct SinkOptions {
  Endpoint listen;
  std::string directory;
  std::string hostname = "sink.example.net";
  std::uint32_t connections = 4'096;   // at once
  Duration delay{};                    // before the reply to each message
  std::uint32_t defer_every = 0;       // each Nth message gets 451
  std::uint32_t refuse_every = 0;      // each Nth message gets 550
  std::uint32_t disconnect_every = 0;  // each Nth message gets no reply but a closed connection
  std::string defer_recipient;         // recipients containing this text get 451
  std::string refuse_recipient;        // recipients containing this text get 550
  std::uint64_t messages = 0;          // stop after so many; 0 = until SIGTERM
  Duration time_limit = hours(1);
};

struct SinkCounts {
  std::uint64_t connections = 0;
  std::uint64_t messages = 0;  // answered, whatever the reply
  std::uint64_t accepted = 0;
  std::uint64_t octets = 0;
};

class Sink {
 public:
  // All arguments outlive the sink.
  Sink(const SinkOptions& options, net::Transport& transport, Clock& clock, Store& store);
  ~Sink();
  // Serves until `stop` is set, the count is reached or the time is up.
  void run(const volatile bool& stop);
  const SinkCounts& counts() const noexcept { return counts_; }

 private:
  class Peer;

  std::size_t tick();
  void adopt(net::Connection& connection);
  void serve(Peer& peer);
  void answer(Peer& peer);
  void release(Peer& peer);
  void check_timers();
  smtp::Reply reply_for_next() const noexcept;

  const SinkOptions& options_;
  net::Transport& transport_;
  Clock& clock_;
  Store& store_;
  smtp::ServerSettings settings_;
  std::unique_ptr<Slab<Peer>> peers_;
  SinkCounts counts_;
  Instant now_{}, next_check_{};
};

}  // namespace sluice::load
