// The plain-text side: buffers are held only while something is unread.
#include "tls/stream.h"

#include <gtest/gtest.h>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"

namespace sluice::tls {
namespace {

// The parameter: how many spare buffers the core has.
class TlsStream : public testing::TestWithParam<std::size_t> {
 protected:
  TlsStream() : buffers(GetParam()), server(buffers), other(buffers) {
    std::vector<Identity> identities;
    identities.push_back(test::make_identity("mx.example"));
    context = *Context::server(std::move(identities), {});
    client_context = *Context::client({});
    open(pipe, server, client);
    open(other_pipe, other, other_client);
  }
  void open(test::MemoryPipe& over, Stream& stream, Session& peer) {
    EXPECT_TRUE(stream.session().accept(*context, over.server));
    EXPECT_TRUE(peer.connect(*client_context, over.client, "mx.example"));
    for (int round = 0; round < 5; ++round) {
      peer.handshake();
      stream.session().handshake();
    }
    EXPECT_TRUE(stream.session().established());
  }
  static void send(Session& session, std::string_view text) {
    std::size_t count = 0;
    EXPECT_EQ(session.write(as_bytes(text), count), Outcome::done);
  }

  std::shared_ptr<const Context> context, client_context;
  ReadBuffers buffers;
  test::MemoryPipe pipe, other_pipe;
  Stream server, other;
  Session client, other_client;
};

TEST_P(TlsStream, WhatIsLeftUnreadOutlivesTheTurnsOfOthers) {
  send(client, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n");
  const std::string longer(100, 'x');  // overwrites all that the first one left
  send(other_client, longer);
  ASSERT_TRUE(as_text(server.readable()).starts_with("MAIL"));
  server.consume(27);
  server.park();
  EXPECT_EQ(as_text(other.readable()), longer);
  other.consume(longer.size());
  other.park();
  EXPECT_EQ(as_text(server.readable()), "RCPT TO:<b@example.com>\r\n");
  server.consume(25);
  EXPECT_TRUE(server.readable().empty());
  EXPECT_FALSE(server.read_finished());
}

TEST_P(TlsStream, AllSpareBuffersAreHomeWhenEverythingWasRead) {
  send(client, "NOOP\r\nNOOP\r\n");
  server.readable();
  server.consume(6);
  server.park();
  server.readable();
  server.consume(6);
  EXPECT_EQ(buffers.has_spare(), GetParam() > 0);
}

TEST_P(TlsStream, EndsWithCloseNotifyAfterTheLastOctet) {
  send(client, "QUIT\r\n");
  client.close();
  EXPECT_EQ(as_text(server.readable()), "QUIT\r\n");
  EXPECT_FALSE(server.read_finished());
  server.consume(6);
  EXPECT_TRUE(server.readable().empty());
  EXPECT_TRUE(server.read_finished());
  EXPECT_FALSE(server.failed());
}

TEST_P(TlsStream, WritesWhatTheWireTakes) {
  pipe.server.room = 5;
  EXPECT_EQ(server.write(as_bytes("250 ok\r\n")), 0u);
  pipe.server.room = SIZE_MAX;
  EXPECT_EQ(server.write(as_bytes("250 ok\r\n")), 8u);
  std::uint8_t space[100];
  std::size_t count = 0;
  while (client.read(space, count) == Outcome::done && count == 0) {
  }
  EXPECT_EQ(as_text({space, count}), "250 ok\r\n");
}

INSTANTIATE_TEST_SUITE_P(SpareBuffers, TlsStream, testing::Values(0u, 1u, 2u));

}  // namespace
}  // namespace sluice::tls
