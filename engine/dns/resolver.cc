#include "engine/dns/resolver.h"

#include <algorithm>
#include <utility>

#include "engine/dns/wire.h"

namespace sluice::dns {
namespace {

constexpr std::size_t kLengthBytes = 2;  // before a message over TCP, RFC 1035 4.2.2
constexpr std::size_t kMessageBytesMax = 65'535;
constexpr std::size_t kDatagramsPerSocket = 16;  // taken per poll

Duration seconds_between(std::uint32_t ttl, Duration max) { return std::min(seconds(ttl), max); }

}  // namespace

std::string_view describe(Trust trust) noexcept {
  switch (trust) {
    case Trust::none:
      return "is not trusted about DNSSEC: trust_ad is off, its answers count as insecure";
    case Trust::probing: return "is being asked whether it validates";
    case Trust::validates: return "validates: its AD is believed";
    case Trust::does_not: return "does not validate: its answers count as insecure";
    case Trust::unreachable:
      return "has not shown that it validates: its answers count as insecure";
  }
  return "";
}

Resolver::Resolver(const Options& options, net::Transport* transport,
                   net::DatagramTransport* datagrams, std::uint64_t seed)
    : options_(options),
      transport_(transport),
      datagrams_(datagrams),
      random_(seed),
      cache_(options.cache_entries),
      trust_(options.trust_ad && !options.servers.empty() ? Trust::probing : Trust::none),
      probe_at_(trust_ == Trust::probing ? Instant{} : Instant::never()),
      flights_(options.queries_max) {}

Resolver::~Resolver() {
  while (Flight* flight = flying_.pop_front()) hang_up(*flight);
}

AnswerRef Resolver::ask(const Question& question, Token token, Instant now) {
  ++counters_.asked;
  if (AnswerRef known = cache_.find(question, now)) {
    ++counters_.from_cache;
    return known;
  }
  const auto trouble = [](std::string_view text) {
    return std::make_shared<const Answer>(Answer{.trouble = std::string(text)});
  };
  if (options_.servers.empty() || datagrams_ == nullptr)
    return trouble("no DNS server is configured");
  if (const auto under_way = by_question_.find(question); under_way != by_question_.end()) {
    under_way->second->tokens.push_back(token);
    return nullptr;
  }
  Flight* flight = trust_ == Trust::probing ? nullptr : flights_.acquire();
  if (flight == nullptr) {
    if (waiting_.size() >= kWaitingMax) return trouble("too many DNS questions at once");
    waiting_.push_back({token, question, nullptr});
    return nullptr;
  }
  flight->question = question;
  flight->tokens.assign(1, token);
  flight->is_probe = false;
  start(*flight, now);
  return nullptr;
}

bool Resolver::next_done(Done& done) {
  if (done_.empty()) return false;
  done = std::move(done_.front());
  done_.pop_front();
  return true;
}

void Resolver::begin_probe(Instant now) {
  probe_at_ = Instant::never();
  Flight* flight = flights_.acquire();
  if (flight == nullptr) {
    probe_at_ = now + options_.timeout;
    return;
  }
  flight->question = {options_.probe, Type::soa};
  flight->tokens.clear();
  flight->is_probe = true;
  start(*flight, now);
}

void Resolver::start(Flight& flight, Instant now) {
  flight.tries = flight.refusals = 0;
  flight.server = first_server_;
  if (!flight.is_probe) by_question_[flight.question] = &flight;
  flying_.push_back(flight);
  send(flight, now);
}

const Endpoint& Resolver::server(const Flight& flight) const noexcept {
  return options_.servers[flight.server % options_.servers.size()];
}

// One try. Each has a source port and an id of its own (RFC 5452 4.5, 9.2).
void Resolver::send(Flight& flight, Instant now) {
  hang_up(flight);
  ++flight.tries;
  ++counters_.sent;
  flight.id = static_cast<std::uint16_t>(random_.next());
  flight.deadline = now + options_.timeout;
  if (!send_datagram(flight))
    try_again(flight, "no way to " + server(flight).text(), false, now);  // `tries` ends this
}

bool Resolver::send_datagram(Flight& flight) {
  const Handle handle = flights_.handle(flight);
  auto socket = datagrams_->open({{}, server(flight), handle.packed()});
  if (!socket) return false;
  flight.socket = *socket;
  return flight.socket->send(server(flight), make_question(flight.question, flight.id)).has_value();
}

void Resolver::send_over_tcp(Flight& flight, Instant now) {
  hang_up(flight);
  ++counters_.over_tcp;
  flight.id = static_cast<std::uint16_t>(random_.next());
  flight.deadline = now + options_.timeout;
  const std::vector<std::uint8_t> message = make_question(flight.question, flight.id);
  flight.unsent = {static_cast<std::uint8_t>(message.size() >> 8),
                   static_cast<std::uint8_t>(message.size())};
  flight.unsent.insert(flight.unsent.end(), message.begin(), message.end());
  flight.received.clear();
  auto connection = transport_->connect(server(flight), kDnsOwner | flights_.handle(flight).slot);
  if (!connection) return try_again(flight, net::describe(connection.error()), false, now);
  flight.connection = *connection;
}

void Resolver::hang_up(Flight& flight) noexcept {
  if (flight.socket != nullptr) datagrams_->close(*std::exchange(flight.socket, nullptr));
  if (flight.connection == nullptr) return;
  flight.connection->abort();
  transport_->release(*std::exchange(flight.connection, nullptr));
}

std::size_t Resolver::poll(Instant now) {
  if (probe_at_ <= now) begin_probe(now);
  if (flying_.empty()) return 0;
  const std::size_t before = done_.size();
  take_datagrams(now);
  expire(now);
  start_waiting(now);
  return done_.size() - before;
}

void Resolver::take_datagrams(Instant now) {
  while (net::DatagramSocket* socket = datagrams_->next_ready_socket()) {
    Flight* flight = flights_.find(Handle::unpack(socket->owner));
    if (flight == nullptr || flight->socket != socket) continue;
    bool taken = false;
    for (std::size_t i = 0; !taken && i < kDatagramsPerSocket; ++i) {
      const auto datagram = socket->front();
      if (!datagram) break;
      taken = take_reply(*flight, datagram->payload, now);
      if (!taken) socket->pop();
    }
    if (!taken && flight->socket == socket)
      if (const auto error = socket->take_error())
        try_again(*flight, net::describe(*error), false, now);
  }
}

void Resolver::on_ready(net::Connection& connection, Instant now) {
  const auto slot = static_cast<std::uint32_t>(connection.owner & ~kDnsOwner);
  for (Flight* flight = flying_.front(); flight != nullptr; flight = flying_.next(*flight))
    if (flight->connection == &connection && flights_.handle(*flight).slot == slot)
      return pump(*flight, now);
}

void Resolver::pump(Flight& flight, Instant now) {
  net::Connection& connection = *flight.connection;
  if (connection.state() == net::Connection::State::failed)
    return try_again(flight, net::describe(connection.error()), false, now);
  if (connection.state() == net::Connection::State::opening) return;
  const std::size_t taken = connection.write(flight.unsent);
  flight.unsent.erase(flight.unsent.begin(),
                      flight.unsent.begin() + static_cast<std::ptrdiff_t>(taken));
  for (ByteView octets = connection.readable(); !octets.empty(); octets = connection.readable()) {
    flight.received.insert(flight.received.end(), octets.begin(), octets.end());
    connection.consume(octets.size());
    if (flight.received.size() >= kLengthBytes + kMessageBytesMax) break;
  }
  if (flight.received.size() >= kLengthBytes) {
    const std::size_t size = static_cast<std::size_t>(flight.received[0]) << 8 | flight.received[1];
    if (flight.received.size() - kLengthBytes >= size) {
      const auto message = ByteView(flight.received).subspan(kLengthBytes, size);
      if (!take_reply(flight, message, now)) try_again(flight, "not a reply", false, now);
      return;
    }
  }
  if (connection.read_finished()) try_again(flight, "connection closed", false, now);
}

// False when it is no reply to the question: the right one may still come.
bool Resolver::take_reply(Flight& flight, ByteView message, Instant now) {
  auto reply = read_reply(message, flight.question, flight.id);
  if (!reply) {
    ++counters_.ignored;
    return false;
  }
  silences_ = 0;
  if (reply->truncated) {
    if (flight.connection != nullptr)
      try_again(flight, "truncated over TCP", true, now);
    else
      send_over_tcp(flight, now);
    return true;
  }
  if (reply->code != 0 && reply->code != kNameError) {
    const std::string trouble = reply->answer.trouble.empty()
                                    ? "RCODE " + std::to_string(reply->code) + " from "
                                    : reply->answer.trouble + " from ";
    try_again(flight, trouble + server(flight).text(), true, now);
    return true;
  }
  first_server_ = flight.server % options_.servers.size();
  const bool positive = reply->answer.found();
  if (flight.is_probe) probe_done(reply->answer, reply->authentic, now);
  reply->answer.secure = trust_ == Trust::validates && reply->authentic;
  finish(flight, std::move(reply->answer),
         seconds_between(reply->ttl, positive ? options_.ttl_max : options_.negative_ttl_max), now);
  return true;
}

// `ask_others_only`: this server has answered and will not say anything else.
void Resolver::try_again(Flight& flight, std::string_view trouble, bool ask_others_only,
                         Instant now) {
  const std::size_t servers = options_.servers.size();
  if (ask_others_only)
    ++flight.refusals;
  else
    ++silences_;
  if (flight.refusals >= servers || flight.tries >= options_.attempts * servers) {
    ++counters_.failures;
    Answer answer{.trouble = std::string(trouble)};
    if (flight.is_probe) probe_done(answer, false, now);
    return finish(flight, std::move(answer), options_.failure_ttl, now);
  }
  ++flight.server;
  send(flight, now);
}

void Resolver::finish(Flight& flight, Answer answer, Duration ttl, Instant now) {
  hang_up(flight);
  flight.link.unlink();
  if (!flight.is_probe) {
    by_question_.erase(flight.question);
    answer.expires = now + ttl;
    const auto shared = std::make_shared<const Answer>(std::move(answer));
    cache_.put(flight.question, shared);
    for (const Token& token : flight.tokens) done_.push_back({token, flight.question, shared});
  }
  flight.tokens.clear();
  flights_.release(flight);
}

// A reply with nothing wrong and without AD is that of a server that does not validate. SERVFAIL
// may be one that validates and has no way to the root: not known yet.
void Resolver::probe_done(const Answer& answer, bool authentic, Instant now) {
  const bool answered = !answer.failed();
  trust_ = authentic ? Trust::validates : answered ? Trust::does_not : Trust::unreachable;
  if (trust_ == Trust::validates) return cache_.clear();  // of what counted as insecure
  probe_at_ = now + (answered ? kProbeAgain : kProbeSoon);
}

void Resolver::expire(Instant now) {
  for (Flight* flight = flying_.front(); flight != nullptr;) {
    Flight* const next = flying_.next(*flight);
    if (flight->deadline <= now) {
      ++counters_.timeouts;
      try_again(*flight, "no answer from " + server(*flight).text(), false, now);
    }
    flight = next;
  }
}

void Resolver::start_waiting(Instant now) {
  while (!waiting_.empty() && trust_ != Trust::probing && flights_.available() > 0) {
    Done next = std::move(waiting_.front());
    waiting_.pop_front();
    if (AnswerRef known = ask(next.question, next.token, now)) {
      next.answer = std::move(known);
      done_.push_back(std::move(next));
    }
  }
}

Instant Resolver::next_deadline() const noexcept {
  auto& flying = const_cast<IntrusiveList<Flight, &Flight::link>&>(flying_);
  Instant next = done_.empty() ? probe_at_ : Instant{};
  for (Flight* flight = flying.front(); flight != nullptr; flight = flying.next(*flight))
    next = std::min(next, flight->deadline);
  return next;
}

}  // namespace sluice::dns
