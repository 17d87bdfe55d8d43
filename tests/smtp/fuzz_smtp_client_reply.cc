// A client session against a server that says anything, in pieces: it comes to an end when the
// connection does, has a result for every recipient, and counts nothing as delivered without a 2yz.
#include <cstdlib>

#include "engine/smtp/client_session.h"

using namespace sluice;
using namespace sluice::smtp;

namespace {

const OutgoingMessage& message() {
  static const OutgoingMessage kMessage{
      .reverse_path = "a@example.com",
      .recipients = {{.address = "b@example.org"}, {.address = "c@example.org"}},
      .size = 3};
  return kMessage;
}

void check(const MessageResult& result) {
  if (result.recipients.size() != message().recipients.size()) std::abort();
  for (const RecipientResult& recipient : result.recipients)
    if (recipient.outcome == Outcome::delivered && (recipient.code < 200 || recipient.code > 299))
      std::abort();
}

void act(ClientSession& session) {
  if (const auto result = session.take_result()) check(*result);
  if (session.wants_tls()) session.tls_started(Instant{});
  if (session.ready()) session.start(message(), Instant{});
  if (session.wants_body()) {
    session.body(as_bytes(".\nx"), Instant{});
    session.body_end(Instant{});
  }
  session.output_sent(session.output().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 61;
  static ClientSession session;
  session.open({.hostname = "out.test", .tls = static_cast<ClientTls>(data[0] >> 6)}, Instant{});
  for (ByteView rest(data + 1, size - 1); !rest.empty();) {
    const std::size_t count = std::min(piece, rest.size());
    session.receive(rest.first(count), Instant{});
    rest = rest.subspan(count);
    act(session);
  }
  session.connection_lost("end", Instant{});
  if (!session.finished()) std::abort();
  if (const auto result = session.take_result()) check(*result);
  return 0;
}
