// An honest SMTP client: it sends its messages one after another, each again and again until it is
// told 250 for it.
#pragma once

#include <vector>

#include "engine/net/transport.h"
#include "engine/smtp/client_session.h"
#include "tests/sim/ledger.h"

namespace sluice::sim {

class Sender {
 public:
  // Sends ledger.sent[first .. first + count).
  Sender(net::Transport& transport, Endpoint server, Ledger& ledger, std::size_t first,
         std::size_t count, Duration gap, std::uint64_t seed)
      : transport_(transport),
        server_(server),
        ledger_(ledger),
        next_(first),
        end_(first + count),
        gap_(gap),
        random_(seed) {}

  void work(Instant now);
  void reset();  // fault: the connection is aborted
  bool done() const { return next_ == end_ && connection_ == nullptr; }
  Instant next_event() const;

 private:
  void open(Instant now);
  void exchange(Instant now);
  bool step(Instant now);
  void start(Instant now);
  void take(const smtp::MessageResult& result, Instant now);
  void finish(Instant now);

  net::Transport& transport_;
  Endpoint server_;
  Ledger& ledger_;
  std::size_t next_;
  std::size_t end_;
  Duration gap_;
  Random random_;
  net::Connection* connection_ = nullptr;
  smtp::ClientSession session_;
  Instant pause_until_{};
  std::size_t body_sent_ = 0;
  bool dot_sent_ = false;
  bool quitting_ = false;
};

}  // namespace sluice::sim
