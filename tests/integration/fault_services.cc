#include "tests/integration/fault_services.h"

#include <algorithm>
#include <cstdlib>

namespace sluice::net::test {
namespace {

constexpr std::uint32_t kEcho = 7;
constexpr std::uint32_t kSink = 9;
constexpr std::uint32_t kSource = 19;
constexpr std::size_t kBlock = 65'521;  // octets; a prime, so that no segment size fits it
constexpr std::size_t kRequestMax = 20;

// The other end makes the same one.
std::vector<std::uint8_t> make_block() {
  std::vector<std::uint8_t> block(kBlock);
  std::uint32_t state = 1;
  for (std::uint8_t& octet : block) {
    state = state * 1'103'515'245 + 12'345;
    octet = static_cast<std::uint8_t>(state >> 16);
  }
  return block;
}

}  // namespace

FaultServices::FaultServices(Transport& stack, std::size_t sessions_max)
    : stack_(stack), block_(make_block()), sessions_(sessions_max) {}

bool FaultServices::listen() {
  return std::ranges::all_of(std::initializer_list<std::uint32_t>{kEcho, kSink, kSource},
                             [this](std::uint32_t kind) {
                               const auto port = static_cast<std::uint16_t>(kind);
                               return stack_.listen({IpAddress{}, port}, kind).has_value();
                             });
}

void FaultServices::work() {
  while (Connection* connection = stack_.next_ready()) {
    if (connection->owner == 0) {
      Session* session = sessions_.acquire();
      if (session == nullptr) {
        stack_.release(*connection);
        continue;
      }
      *session = Session{.kind = connection->listener};
      connection->owner = sessions_.handle(*session).packed();
    }
    serve(*connection, *sessions_.find(Handle::unpack(connection->owner)));
  }
}

void FaultServices::serve(Connection& connection, Session& session) {
  if (connection.state() == Connection::State::failed) return finish(connection, session);
  if (session.kind == kEcho) echo(connection);
  if (session.kind == kSink) sink(connection, session);
  if (session.kind == kSource) source(connection, session);
  const bool said_all = session.kind == kEcho || session.answered;
  if (connection.read_finished() && said_all) finish(connection, session);
}

void FaultServices::echo(Connection& connection) {
  while (!connection.readable().empty()) {
    const std::size_t taken = connection.write(connection.readable());
    if (taken == 0) return;
    connection.consume(taken);
  }
}

// Answers at the end what it thinks of the octets.
void FaultServices::sink(Connection& connection, Session& session) {
  while (!connection.readable().empty()) {
    const ByteView octets = connection.readable();
    check(session, octets);
    connection.consume(octets.size());
  }
  if (!connection.read_finished() || session.answered) return;
  const std::string answer =
      std::to_string(session.received) + (session.changed ? " changed\n" : " intact\n");
  connection.write(as_bytes(answer));
  session.answered = true;
}

void FaultServices::source(Connection& connection, Session& session) {
  while (!connection.readable().empty()) {
    const std::string_view text = as_text(connection.readable());
    if (session.request.size() + text.size() <= kRequestMax) session.request += text;
    connection.consume(text.size());
  }
  if (!session.request.ends_with('\n')) return;
  session.to_send = std::strtoull(session.request.c_str(), nullptr, 10);
  for (std::size_t taken = 1; session.sent < session.to_send && taken > 0; session.sent += taken) {
    const std::size_t at = session.sent % kBlock;
    const std::size_t most = std::min<std::uint64_t>(kBlock - at, session.to_send - session.sent);
    taken = connection.write({block_.data() + at, most});
  }
  if (session.sent < session.to_send || session.answered) return;
  session.answered = true;
  connection.close();
}

void FaultServices::check(Session& session, ByteView octets) const {
  while (!octets.empty()) {
    const std::size_t at = session.received % kBlock;
    const std::size_t most = std::min(kBlock - at, octets.size());
    if (!std::equal(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(most),
                    block_.begin() + static_cast<std::ptrdiff_t>(at)))
      session.changed = true;
    session.received += most;
    octets = octets.subspan(most);
  }
}

void FaultServices::finish(Connection& connection, Session& session) {
  connection.close();
  stack_.release(connection);
  sessions_.release(session);
}

}  // namespace sluice::net::test
