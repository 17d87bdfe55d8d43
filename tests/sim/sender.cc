#include "tests/sim/sender.h"

#include <fmt/format.h>

namespace sluice::sim {
namespace {

const smtp::ClientSettings kSettings{.hostname = "sender.example",
                                     .greeting_timeout = seconds(60),
                                     .command_timeout = seconds(60),
                                     .data_block_timeout = seconds(60),
                                     .data_done_timeout = seconds(60)};
// The disk failed under the message: what had been written may be found again after a restart.
constexpr std::uint16_t kStorageFault = 451;
constexpr Duration kRetryDelay = seconds(1);

}  // namespace

void Sender::work(Instant now) {
  if (connection_ == nullptr) {
    if (next_ < end_ && now >= pause_until_) open(now);
    return;
  }
  if (connection_->state() == net::Connection::State::opening) return;
  if (connection_->state() == net::Connection::State::failed)
    session_.connection_lost("connection lost", now);
  else
    exchange(now);
  if (auto result = session_.take_result()) take(*result, now);
  if (session_.finished()) finish(now);
}

Instant Sender::next_event() const {
  if (connection_ != nullptr && session_.ready())
    return std::min(session_.deadline(), pause_until_);
  return connection_ != nullptr ? session_.deadline()
         : next_ < end_         ? pause_until_
                                : Instant::never();
}

void Sender::reset() {
  if (connection_ != nullptr) connection_->abort();
}

void Sender::open(Instant now) {
  auto connection = transport_.connect(server_, 1);
  if (!connection) {
    pause_until_ = now + kRetryDelay;
    return;
  }
  connection_ = *connection;
  session_.open(kSettings, now);
  quitting_ = dot_sent_ = false;
}

void Sender::exchange(Instant now) {
  if (now >= session_.deadline()) session_.on_deadline(now);
  for (bool moved = true; moved;) {
    moved = false;
    while (!session_.output().empty()) {
      const std::size_t sent = connection_->write(session_.output());
      if (sent == 0) break;
      session_.output_sent(sent);
      moved = true;
    }
    if (const ByteView input = connection_->readable(); !input.empty()) {
      const std::size_t taken = session_.receive(input, now);
      connection_->consume(taken);
      moved = moved || taken > 0;
    } else if (connection_->read_finished() && !session_.finished()) {
      session_.connection_lost("closed by peer", now);
    }
    moved = step(now) || moved;
  }
}

bool Sender::step(Instant now) {
  if (auto result = session_.take_result()) {
    take(*result, now);
    return true;
  }
  if (session_.ready() && !quitting_) {
    const bool leaves = next_ == end_ || random_.chance(0.02);
    if (leaves) {
      quitting_ = true;
      session_.quit(now);
      return true;
    }
    if (now < pause_until_) return false;
    start(now);
    return true;
  }
  if (!session_.wants_body() || dot_sent_) return false;
  const std::string& octets = ledger_.sent[next_].octets;
  const std::size_t some = 1 + random_.below(octets.size());
  const std::size_t taken =
      session_.body(as_bytes(std::string_view(octets).substr(body_sent_, some)), now);
  body_sent_ += taken;
  dot_sent_ = body_sent_ == octets.size();
  if (dot_sent_) session_.body_end(now);
  return dot_sent_ || taken > 0;
}

void Sender::start(Instant now) {
  const Sent& sent = ledger_.sent[next_];
  smtp::OutgoingMessage message{.reverse_path = "author@sender.example",
                                .size = sent.octets.size()};
  for (const std::string& recipient : sent.recipients)
    message.recipients.push_back({.address = recipient});
  body_sent_ = 0;
  dot_sent_ = false;
  session_.start(message, now);
}

void Sender::take(const smtp::MessageResult& result, Instant now) {
  Sent& sent = ledger_.sent[next_];
  const smtp::RecipientResult& first = result.recipients.front();
  for (const smtp::RecipientResult& recipient : result.recipients)
    if (recipient.outcome != first.outcome || recipient.outcome == smtp::Outcome::failed)
      ledger_.faults.push_back(fmt::format("message {}: \"{}\"", next_, recipient.reply));
  pause_until_ = now + kRetryDelay;
  if (first.outcome == smtp::Outcome::delivered) {
    ++sent.answered;
    ++next_;
    pause_until_ =
        now +
        Duration{static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(gap_.ns)))};
  } else if (dot_sent_ && (first.code == 0 || first.code == kStorageFault)) {
    ++sent.unsure;
  }
}

void Sender::finish(Instant now) {
  connection_->close();
  transport_.release(*connection_);
  connection_ = nullptr;
  pause_until_ = std::max(pause_until_, now + kRetryDelay);
}

}  // namespace sluice::sim
