#include "tools/loadgen/sink/sink.h"

#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <array>

namespace sluice::load {
namespace {

constexpr std::size_t kTurnsPerTick = 256;
constexpr int kStepsPerTurn = 16;
constexpr std::uint64_t kMessageMax = 64ULL * 1024 * 1024;
constexpr Duration kCheckEvery = milliseconds(1);

bool is_nth(std::uint64_t number, std::uint32_t every) { return every > 0 && number % every == 0; }

bool names(std::string_view address, const std::string& text) {
  return !text.empty() && address.find(text) != std::string_view::npos;
}

}  // namespace

// One connection: the session and what its message has grown to.
class Sink::Peer final : public smtp::ServerHandler {
 public:
  explicit Peer(const SinkOptions* options, const Store* store)
      : options_(options), store_(store) {}

  std::optional<smtp::Reply> check_sender(std::string_view,
                                          const mail::SenderParameters&) override {
    return std::nullopt;
  }
  std::optional<smtp::Reply> check_recipient(const mail::Recipient& recipient) override {
    if (names(recipient.address, options_->refuse_recipient))
      return smtp::Reply{550, "5.1.1", "No such mailbox here"};
    if (names(recipient.address, options_->defer_recipient))
      return smtp::Reply{451, "4.2.0", "Mailbox busy, try later"};
    return std::nullopt;
  }
  std::optional<smtp::Reply> begin_message(const mail::Envelope&) override {
    message.clear();
    octets = 0;
    return std::nullopt;
  }
  MutableBytes message_space() override { return space_; }
  void message_written(std::size_t count) override {
    octets += count;
    if (store_->keeps()) message.append(reinterpret_cast<const char*>(space_.data()), count);
  }
  void end_message() override { ended = true; }
  void abort_message(std::string_view) override {
    ended = false;
    answer_at = {};
  }
  void recipient_refused(const mail::Recipient&, const smtp::Reply&) override {}
  void early_talker(ByteView) override {}

  smtp::ServerSession session;
  net::Connection* connection = nullptr;
  std::string message;
  std::uint64_t octets = 0;
  bool ended = false;  // waits for the reply
  Instant answer_at{};

 private:
  const SinkOptions* options_;
  const Store* store_;
  std::array<std::uint8_t, 16 * 1024> space_;
};

Sink::Sink(const SinkOptions& options, net::Transport& transport, Clock& clock, Store& store)
    : options_(options), transport_(transport), clock_(clock), store_(store) {
  settings_.hostname = options.hostname;
  settings_.listener_name = "sink";
  settings_.message_size_max = kMessageMax;
  settings_.messages_max = UINT32_MAX;
  peers_ = std::make_unique<Slab<Peer>>(options.connections, &options_, &store_);
}

Sink::~Sink() = default;

void Sink::run(const volatile bool& stop) {
  now_ = clock_.now();
  const Instant end = now_ + options_.time_limit;
  pollfd descriptor{.fd = transport_.wait_descriptor(), .events = POLLIN, .revents = 0};
  while (!stop && now_ < end) {
    if (options_.messages != 0 && counts_.messages >= options_.messages &&
        transport_.open_connections() == 0)
      break;
    now_ = clock_.now();
    if (tick() > 0) continue;
    if (descriptor.fd >= 0)
      ::poll(&descriptor, 1, 1);
    else
      ::sched_yield();
  }
}

std::size_t Sink::tick() {
  std::size_t work = transport_.poll(now_);
  for (std::size_t turns = 0; turns < kTurnsPerTick; ++turns, ++work) {
    net::Connection* connection = transport_.next_ready();
    if (connection == nullptr) break;
    if (connection->owner == 0)
      adopt(*connection);
    else if (Peer* peer = peers_->find(Handle::unpack(connection->owner)))
      serve(*peer);
  }
  if (now_ >= next_check_) {
    next_check_ = now_ + kCheckEvery;
    check_timers();
  }
  transport_.flush(now_);
  return work;
}

void Sink::adopt(net::Connection& connection) {
  Peer* peer = peers_->acquire();
  if (peer == nullptr) {
    connection.abort();
    transport_.release(connection);
    return;
  }
  ++counts_.connections;
  peer->connection = &connection;
  peer->abort_message({});
  connection.owner = peers_->handle(*peer).packed();
  peer->session.open(settings_, *peer, connection.remote(), now_);
  serve(*peer);
}

void Sink::serve(Peer& peer) {
  net::Connection& connection = *peer.connection;
  if (connection.state() == net::Connection::State::failed) {
    peer.session.connection_lost();
    return release(peer);
  }
  bool moved = true;
  for (int step = 0; moved && step < kStepsPerTurn; ++step) {
    const ByteView input = connection.readable();
    const std::size_t taken = input.empty() ? 0 : peer.session.receive(input, now_);
    connection.consume(taken);
    moved = taken > 0;
    if (peer.ended && peer.answer_at.ns == 0) peer.answer_at = now_ + options_.delay;
    if (peer.ended && peer.answer_at <= now_) {
      answer(peer);
      moved = true;
    }
    if (peer.connection == nullptr) return;
    const std::size_t sent = connection.write(peer.session.output());
    peer.session.output_sent(sent);
    moved |= sent > 0;
  }
  if (connection.read_finished()) peer.session.receive_end(now_);
  if (peer.session.finished() && peer.session.output().empty()) return release(peer);
  if (moved) transport_.requeue(connection);
}

// The reply to a message that is complete; or none, and the connection goes away.
void Sink::answer(Peer& peer) {
  peer.ended = false;
  peer.answer_at = {};
  const smtp::Reply reply = reply_for_next();
  ++counts_.messages;
  if (is_nth(counts_.messages, options_.disconnect_every)) {
    peer.connection->abort();
    peer.session.connection_lost();
    return release(peer);
  }
  counts_.octets += peer.octets;
  const bool stored = !reply.positive() || !store_.keeps() ||
                      store_.put(peer.message, peer.session.envelope(), peer.session.helo());
  if (reply.positive() && stored) ++counts_.accepted;
  peer.session.complete_message(stored ? reply : smtp::Reply{452, "4.3.1", "Cannot store it"},
                                now_);
}

smtp::Reply Sink::reply_for_next() const noexcept {
  const std::uint64_t number = counts_.messages + 1;
  if (is_nth(number, options_.refuse_every))
    return {550, "5.7.1", "Refused, as this sink was asked to"};
  if (is_nth(number, options_.defer_every))
    return {451, "4.3.0", "Deferred, as this sink was asked to"};
  return {250, "2.0.0", "Taken"};
}

void Sink::release(Peer& peer) {
  if (peer.connection->state() != net::Connection::State::failed) peer.connection->close();
  transport_.release(*peer.connection);
  peer.connection = nullptr;
  peers_->release(peer);
}

void Sink::check_timers() {
  peers_->for_each([this](Peer& peer) {
    const bool answer_due = peer.ended && peer.answer_at.ns != 0 && peer.answer_at <= now_;
    const bool timed_out = peer.session.deadline() <= now_;
    if (timed_out) peer.session.on_deadline(now_);
    if (answer_due || timed_out) serve(peer);
  });
}

}  // namespace sluice::load
