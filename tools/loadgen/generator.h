// The load itself: many SMTP clients over one transport in one thread. Each connection keeps one
// message in flight (closed loop); the next one starts when its reply is in and the rate
// allows it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/net/transport.h"
#include "engine/smtp/client_session.h"
#include "tools/loadgen/message_set.h"
#include "tools/loadgen/options.h"
#include "tools/loadgen/tally.h"

namespace sluice::load {

struct Progress {
  std::uint64_t started = 0, done = 0, wanted = 0;  // messages; wanted 0 = by time
  Duration elapsed{};
};

class Generator {
 public:
  // All arguments outlive the generator. `messages` is not empty.
  Generator(const Options& options, const std::vector<Message>& messages, net::Transport& transport,
            Clock& clock, Tally& tally);

  // Runs until every message has its reply, the time is up, or nothing answers any more.
  // `report` is called a few times per second.
  void run(const std::function<void(const Progress&)>& report);

  Duration elapsed() const noexcept { return last_reply_ - started_; }
  Duration busy() const noexcept { return busy_; }  // time in polls that had work to do
  bool complete() const noexcept;                   // every wanted message got a reply

 private:
  struct Client {
    smtp::ClientSession session;
    smtp::OutgoingMessage outgoing;
    net::Connection* connection = nullptr;
    const Message* message = nullptr;  // under way
    std::size_t body_offset = 0;
    std::uint32_t messages_left = 0;  // on this connection
    bool body_ended = false;
    bool quitting = false;
    bool waits_for_rate = false;
    Instant message_started{};
    Instant dot_sent{};
    Instant may_connect{};
  };

  std::size_t tick();
  std::size_t open_connections();
  bool open(Client& client);
  void serve(Client& client);
  bool step(Client& client);
  bool take_reply(Client& client);
  bool start_message(Client& client);
  bool feed_body(Client& client);
  bool write_output(Client& client);
  std::size_t write_some(Client& client, ByteView octets);
  void close(Client& client);
  void lose(Client& client, std::string_view reason);
  std::size_t release_rate();
  void check_deadlines();
  void wait_for_work();

  bool may_start() const noexcept;
  bool finished() const noexcept;

  const Options& options_;
  const std::vector<Message>& messages_;
  net::Transport& transport_;
  Clock& clock_;
  Tally& tally_;

  smtp::ClientSettings settings_;
  std::vector<Client> clients_;
  std::vector<std::string> senders_, recipients_;
  std::vector<Client*> again_;  // had more to do; their turn comes after the next flush
  std::string revealed_;        // scratch of verbatim messages
  std::uint64_t wanted_ = 0;
  std::uint64_t started_count_ = 0;
  std::uint64_t in_flight_ = 0;
  std::uint32_t open_ = 0;
  bool reached_ = false;  // the server has taken a connection
  std::uint32_t failures_in_a_row_ = 0;
  double tokens_ = 0;
  Instant now_{}, started_{}, last_reply_{}, rate_filled_{}, next_check_{}, next_report_{};
  Duration busy_{};
};

}  // namespace sluice::load
