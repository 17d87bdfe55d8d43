#include "tools/loadgen/generator.h"

#include <poll.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>

namespace sluice::load {
namespace {

constexpr std::size_t kTemplateVariants = 1'000;
constexpr std::size_t kOpensPerTick = 64;
constexpr std::size_t kTurnsPerTick = 256;  // then replies go out and time passes
constexpr int kStepsPerTurn = 16;
constexpr std::uint32_t kFailuresInARowMax = 100;
constexpr Duration kReconnectDelay = milliseconds(20);
constexpr Duration kCheckEvery = milliseconds(5);
constexpr Duration kReportEvery = milliseconds(200);
constexpr Duration kIdleSleep = microseconds(10);
constexpr unsigned long kTimerSlackNs = 1'000;  // or a sleep takes 50 us more
constexpr std::uint32_t kRevealChunk = 16 * 1024;

std::vector<std::string> expand(const std::string& text) {
  const std::size_t place = text.find("%n");
  if (place == std::string::npos) return {text};
  std::vector<std::string> out;
  out.reserve(kTemplateVariants);
  for (std::size_t i = 0; i < kTemplateVariants; ++i)
    out.push_back(text.substr(0, place) + std::to_string(i) + text.substr(place + 2));
  return out;
}

}  // namespace

Generator::Generator(const Options& options, const std::vector<Message>& messages,
                     net::Transport& transport, Clock& clock, Tally& tally)
    : options_(options),
      messages_(messages),
      transport_(transport),
      clock_(clock),
      tally_(tally),
      clients_(options.connections),
      senders_(expand(options.from)),
      recipients_(expand(options.to)),
      wanted_(options.messages) {
  settings_.hostname = options.hostname;
  settings_.chunking = false;  // most of the world sends DATA
  settings_.greeting_timeout = settings_.command_timeout = options.timeout;
  settings_.data_block_timeout = settings_.data_done_timeout = options.timeout;
  if (wanted_ == 0 && options.duration.ns == 0) wanted_ = messages.size();
  for (Client& client : clients_) client.outgoing.recipients.resize(1);
  again_.reserve(clients_.size());
}

void Generator::run(const std::function<void(const Progress&)>& report) {
  ::prctl(PR_SET_TIMERSLACK, kTimerSlackNs);
  started_ = last_reply_ = rate_filled_ = now_ = clock_.now();
  while (!finished()) {
    now_ = clock_.now();
    const Instant before = now_;
    const std::size_t work = tick();
    if (now_ >= next_report_) {
      next_report_ = now_ + kReportEvery;
      report({started_count_, tally_.messages, wanted_, now_ - started_});
      tally_.flush_results();
    }
    if (work > 0)
      busy_ = busy_ + (clock_.now() - before);
    else
      wait_for_work();
  }
  for (Client& client : clients_)
    if (client.connection != nullptr) lose(client, "the time limit was reached");
  transport_.flush(clock_.now());
  report({started_count_, tally_.messages, wanted_, clock_.now() - started_});
}

std::size_t Generator::tick() {
  std::size_t work = transport_.poll(now_);
  work += open_connections();
  work += release_rate();
  std::size_t turns = 0;
  while (turns++ < kTurnsPerTick) {
    net::Connection* connection = transport_.next_ready();
    if (connection == nullptr) break;
    serve(clients_[connection->owner - 1]);
    ++work;
  }
  if (now_ >= next_check_) {
    next_check_ = now_ + kCheckEvery;
    check_deadlines();
  }
  transport_.flush(now_);
  for (Client* client : again_)
    if (client->connection != nullptr) transport_.requeue(*client->connection);
  again_.clear();
  return work;
}

// Connections are opened as long as there are messages to start, a few per tick. The first one goes
// alone: until the server's link address is known, more SYNs would only be lost.
std::size_t Generator::open_connections() {
  if (open_ == clients_.size() || !may_start()) return 0;
  if (!reached_ && open_ > 0) return 0;
  const std::size_t limit = reached_ ? kOpensPerTick : 1;
  std::size_t opened = 0;
  for (Client& client : clients_) {
    if (client.connection != nullptr || client.may_connect > now_) continue;
    if (opened == limit || !may_start() || !open(client)) break;
    ++opened;
  }
  return opened;
}

bool Generator::open(Client& client) {
  const auto owner = static_cast<std::uint64_t>(&client - clients_.data()) + 1;
  auto connection = transport_.connect(options_.target, owner);
  if (!connection) {
    client.may_connect = now_ + kReconnectDelay;
    ++failures_in_a_row_;
    tally_.connection_failed(net::describe(connection.error()));
    return false;
  }
  client.connection = *connection;
  client.messages_left = options_.messages_per_connection;
  client.quitting = false;
  client.session.open(settings_, now_);
  ++open_;
  ++tally_.connections;
  return true;
}

void Generator::serve(Client& client) {
  if (client.connection == nullptr) return;
  net::Connection& connection = *client.connection;
  if (connection.state() == net::Connection::State::failed)
    return lose(client, net::describe(connection.error()));
  if (connection.state() == net::Connection::State::opening) return;
  if (!reached_) {
    reached_ = true;
    started_ = last_reply_ = rate_filled_ = now_;
  }

  int steps = options_.chunk == 0 ? kStepsPerTurn : 1;
  bool moved = true;
  while (moved && steps-- > 0) moved = step(client);

  if (client.session.finished() && client.session.output().empty()) return close(client);
  if (connection.read_finished()) return lose(client, "the server closed the connection");
  if (moved) again_.push_back(&client);
}

bool Generator::step(Client& client) {
  net::Connection& connection = *client.connection;
  const ByteView input = connection.readable();
  const std::size_t taken = input.empty() ? 0 : client.session.receive(input, now_);
  connection.consume(taken);
  bool moved = taken > 0;
  moved |= take_reply(client);
  moved |= start_message(client);
  moved |= feed_body(client);
  moved |= write_output(client);
  return moved;
}

bool Generator::take_reply(Client& client) {
  if (client.message == nullptr) return false;
  const auto result = client.session.take_result();
  if (!result) return false;
  const smtp::RecipientResult& recipient = result->recipients.front();
  tally_.message_done(client.message->name, client.message->octets.size(), recipient.code,
                      recipient.reply);
  if (recipient.code != 0) {
    last_reply_ = now_;
    failures_in_a_row_ = 0;
    tally_.transaction_took(now_ - client.message_started);
    if (client.dot_sent.ns != 0) tally_.final_dot_took(now_ - client.dot_sent);
  }
  client.message = nullptr;
  --in_flight_;
  return true;
}

bool Generator::start_message(Client& client) {
  if (client.message != nullptr || client.quitting || !client.session.ready()) return false;
  if (client.messages_left == 0 || !may_start()) {
    client.quitting = true;
    client.session.quit(now_);
    return true;
  }
  if (options_.rate > 0 && tokens_ < 1) {
    client.waits_for_rate = true;
    return false;
  }
  tokens_ -= 1;
  const std::uint64_t number = started_count_++;
  const Message& message = messages_[number % messages_.size()];
  client.message = &message;
  client.body_offset = 0;
  client.body_ended = client.waits_for_rate = false;
  client.message_started = now_;
  client.dot_sent = {};
  --client.messages_left;
  ++in_flight_;
  client.outgoing.reverse_path = senders_[number % senders_.size()];
  client.outgoing.recipients[0].address = recipients_[number % recipients_.size()];
  client.outgoing.parameters.body =
      message.eight_bit ? mail::BodyType::eight_bit_mime : mail::BodyType::seven_bit;
  client.outgoing.size = message.octets.size();
  client.session.start(client.outgoing, now_);
  return true;
}

bool Generator::feed_body(Client& client) {
  if (client.message == nullptr || client.body_ended) return false;
  bool moved = false;
  const std::string_view octets = client.message->octets;
  while (client.session.wants_body() && client.body_offset < octets.size()) {
    const std::size_t taken =
        client.session.body(as_bytes(octets.substr(client.body_offset)), now_);
    if (taken == 0) break;
    client.body_offset += taken;
    moved = true;
  }
  if (client.body_offset == octets.size() && client.session.wants_body()) {
    client.session.body_end(now_);
    client.body_ended = moved = true;
  }
  return moved;
}

bool Generator::write_output(Client& client) {
  const ByteView output = client.session.output();
  if (output.empty()) return false;
  const std::size_t limit = options_.chunk == 0 ? output.size() : options_.chunk;
  const std::size_t sent = write_some(client, output.first(std::min(limit, output.size())));
  client.session.output_sent(sent);
  if (client.body_ended && client.dot_sent.ns == 0 && client.session.output().empty())
    client.dot_sent = now_;
  return sent > 0;
}

std::size_t Generator::write_some(Client& client, ByteView octets) {
  if (client.message == nullptr || !client.message->verbatim)
    return client.connection->write(octets);
  revealed_.assign(as_text(octets.first(std::min<std::size_t>(octets.size(), kRevealChunk))));
  reveal(revealed_);
  return client.connection->write(as_bytes(revealed_));
}

void Generator::close(Client& client) {
  if (!client.session.failure().empty()) return lose(client, client.session.failure());
  client.connection->close();
  transport_.release(*client.connection);
  client.connection = nullptr;
  client.may_connect = {};
  --open_;
}

// The connection ended before its time. A message without a reply is counted, not sent again.
void Generator::lose(Client& client, std::string_view reason) {
  const std::string text(reason);  // `reason` may live in the session
  if (!client.session.finished()) client.session.connection_lost(text, now_);
  take_reply(client);
  if (client.message != nullptr) {
    tally_.message_done(client.message->name, 0, 0, text);
    client.message = nullptr;
    --in_flight_;
  }
  tally_.connection_failed(text);
  ++failures_in_a_row_;
  client.connection->abort();
  transport_.release(*client.connection);
  client.connection = nullptr;
  client.may_connect = now_ + kReconnectDelay;
  --open_;
}

// Fills the bucket (at most 10 ms worth, so that a stall is not made up for in a burst) and wakes
// the clients that wait for it.
std::size_t Generator::release_rate() {
  if (options_.rate <= 0) return 0;
  const double seconds_passed = static_cast<double>((now_ - rate_filled_).ns) / 1e9;
  rate_filled_ = now_;
  tokens_ = std::min(tokens_ + options_.rate * seconds_passed, std::max(1.0, options_.rate / 100));
  std::size_t woken = 0;
  for (Client& client : clients_) {
    if (tokens_ < 1) break;
    if (!client.waits_for_rate || client.connection == nullptr) continue;
    client.waits_for_rate = false;
    serve(client);
    ++woken;
  }
  return woken;
}

void Generator::check_deadlines() {
  for (Client& client : clients_) {
    if (client.connection == nullptr) continue;
    if (client.waits_for_rate && !may_start()) {
      serve(client);  // says QUIT
    } else if (client.session.deadline() <= now_) {
      client.session.on_deadline(now_);
      serve(client);
    }
  }
}

// Nothing to do: over kernel sockets sleep until something comes. A device cannot wake us: sleep
// for a moment, since the server's disk and log threads need a CPU too.
void Generator::wait_for_work() {
  pollfd descriptor{.fd = transport_.wait_descriptor(), .events = POLLIN, .revents = 0};
  const timespec moment{.tv_sec = 0, .tv_nsec = kIdleSleep.ns};
  if (descriptor.fd >= 0)
    ::poll(&descriptor, 1, 1);
  else
    ::nanosleep(&moment, nullptr);
}

bool Generator::may_start() const noexcept {
  if (wanted_ != 0 && started_count_ >= wanted_) return false;
  return options_.duration.ns == 0 || now_ - started_ < options_.duration;
}

bool Generator::finished() const noexcept {
  if (failures_in_a_row_ >= kFailuresInARowMax) return true;
  if (now_ - started_ > options_.time_limit) return true;
  return open_ == 0 && !may_start();
}

bool Generator::complete() const noexcept {
  return tally_.unanswered == 0 && in_flight_ == 0 && (wanted_ == 0 || started_count_ >= wanted_);
}

}  // namespace sluice::load
