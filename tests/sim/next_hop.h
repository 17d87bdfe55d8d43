// The mail server behind the engine. It refuses unknown recipients for good, and as far as the
// scenario says it refuses for now, answers late, or takes a message and loses its answer.
#pragma once

#include <array>

#include "engine/net/transport.h"
#include "engine/smtp/server_session.h"
#include "tests/sim/ledger.h"
#include "tests/sim/scenario.h"

namespace sluice::sim {

class HopSession final : public smtp::ServerHandler {
 public:
  HopSession(net::Connection& connection, Ledger& ledger, const Scenario& faults, Random& random,
             Instant now);

  void work(Instant now);
  void reset() { connection_.abort(); }  // fault
  bool over() const { return over_; }
  net::Connection& connection() { return connection_; }
  Instant next_event() const { return stalling_ ? answer_at_ : session_.deadline(); }

 private:
  std::optional<smtp::Reply> check_sender(std::string_view reverse_path,
                                          const mail::SenderParameters&) override;
  std::optional<smtp::Reply> check_recipient(const mail::Recipient& recipient) override;
  std::optional<smtp::Reply> begin_message(const mail::Envelope&) override;
  MutableBytes message_space() override { return room_; }
  void message_written(std::size_t count) override;
  void end_message() override;
  void abort_message(std::string_view) override {}
  void recipient_refused(const mail::Recipient&, const smtp::Reply&) override {}
  void early_talker(ByteView) override {}

  bool send();
  void answer(Instant now);
  void reply_was_seen();

  net::Connection& connection_;
  Ledger& ledger_;
  const Scenario& faults_;
  Random& random_;
  smtp::ServerSession session_;
  std::array<std::uint8_t, 4'096> room_;
  std::string octets_;
  std::vector<std::size_t> unproved_;  // of ledger_.taken: 250 said, nothing came after it yet
  Instant now_;
  Instant begun_;  // of the message under way
  Instant answer_at_;
  bool stalling_ = false;
  bool peer_finished_ = false;
  bool over_ = false;
};

}  // namespace sluice::sim
