#include "tests/sim/next_hop.h"

namespace sluice::sim {
namespace {

const smtp::ServerSettings kSettings{.hostname = "hop.example",
                                     .listener_name = "hop",
                                     .command_timeout = seconds(60),
                                     .data_block_timeout = seconds(60)};
constexpr smtp::Reply kTaken{250, "2.0.0", "taken"};
constexpr smtp::Reply kUnknown{550, "5.1.1", "no such user"};
constexpr smtp::Reply kBusy{450, "4.2.1", "not now"};
constexpr std::uint64_t kStallMax = 40;  // seconds

}  // namespace

HopSession::HopSession(net::Connection& connection, Ledger& ledger, const Scenario& faults,
                       Random& random, Instant now)
    : connection_(connection), ledger_(ledger), faults_(faults), random_(random), now_(now) {
  session_.open(kSettings, *this, connection.remote(), now);
}

void HopSession::work(Instant now) {
  now_ = now;
  if (connection_.state() == net::Connection::State::failed) {
    session_.connection_lost();
    over_ = true;
    return;
  }
  if (stalling_ && now >= answer_at_) answer(now);
  if (session_.deadline() <= now) session_.on_deadline(now);
  while (send() && !session_.finished() && !stalling_) {
    const ByteView input = connection_.readable();
    if (!input.empty()) {
      connection_.consume(session_.receive(input, now));
      if (stalling_ && now >= answer_at_) answer(now);
    } else if (connection_.read_finished() && !peer_finished_) {
      peer_finished_ = true;
      session_.receive_end(now);
    } else {
      return;
    }
  }
  if (!session_.finished() || !session_.output().empty()) return;
  if (!peer_finished_) reply_was_seen();  // QUIT came
  connection_.close();
  over_ = true;
}

bool HopSession::send() {
  while (!session_.output().empty()) {
    const std::size_t sent = connection_.write(session_.output());
    if (sent == 0) return false;
    session_.output_sent(sent);
  }
  return true;
}

std::optional<smtp::Reply> HopSession::check_sender(std::string_view,
                                                    const mail::SenderParameters&) {
  reply_was_seen();
  begun_ = now_;
  if (random_.chance(faults_.hop_refuses)) return kBusy;
  return {};
}

std::optional<smtp::Reply> HopSession::check_recipient(const mail::Recipient& recipient) {
  if (is_unknown(recipient.address)) return kUnknown;
  if (random_.chance(faults_.hop_refuses)) return kBusy;
  return {};
}

std::optional<smtp::Reply> HopSession::begin_message(const mail::Envelope&) {
  octets_.clear();
  if (random_.chance(faults_.hop_refuses)) return kBusy;
  return {};
}

void HopSession::message_written(std::size_t count) { octets_ += as_text({room_.data(), count}); }

void HopSession::end_message() {
  stalling_ = true;
  answer_at_ = now_;
  if (random_.chance(faults_.hop_stalls))
    answer_at_ = now_ + seconds(static_cast<std::int64_t>(random_.below(kStallMax)));
}

void HopSession::answer(Instant now) {
  stalling_ = false;
  if (random_.chance(faults_.hop_refuses)) {
    session_.complete_message(kBusy, now);
    return;
  }
  Taken taken{.begun = begun_,
              .reverse_path = std::string(session_.envelope().reverse_path()),
              .octets = std::move(octets_)};
  session_.envelope().for_each_recipient([&](std::uint32_t, const mail::Recipient& recipient) {
    taken.recipients.emplace_back(recipient.address);
  });
  unproved_.push_back(ledger_.taken.size());
  ledger_.taken.push_back(std::move(taken));
  if (random_.chance(faults_.hop_loses_reply))
    connection_.abort();
  else
    session_.complete_message(kTaken, now);
}

// A further command in the connection: the engine has read the 250 before it.
void HopSession::reply_was_seen() {
  for (const std::size_t index : unproved_) ledger_.taken[index].reply_arrived = true;
  unproved_.clear();
}

}  // namespace sluice::sim
