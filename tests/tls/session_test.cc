// Two sessions wired to each other, and what happens when the wire lies.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/session.h"

namespace sluice::tls {
namespace {

using test::KeyKind;
using test::make_identity;
using test::MemoryPipe;

class TlsSession : public testing::Test {
 protected:
  void use(KeyKind kind) {
    std::vector<Identity> identities;
    identities.push_back(make_identity("mx.example", kind));
    server_context = *Context::server(std::move(identities), {});
    client_context = *Context::client({});
  }
  void begin() {
    ASSERT_TRUE(server.accept(*server_context, pipe.server));
    ASSERT_TRUE(client.connect(*client_context, pipe.client, "mx.example"));
  }
  // Both ends in turn, until neither moves.
  void shake_hands() {
    for (int round = 0; round < 10; ++round) {
      client_outcome = client.handshake();
      server_outcome = server.handshake();
    }
  }
  void connect() {
    use(KeyKind::ecdsa);
    begin();
    shake_hands();
    ASSERT_EQ(server_outcome, Outcome::done);
    ASSERT_EQ(client_outcome, Outcome::done);
  }
  std::string receive(Session& session) {
    std::uint8_t space[20'000];
    std::size_t count = 0;
    last = session.read(space, count);
    return std::string(as_text({space, count}));
  }
  void send(Session& session, std::string_view text) {
    std::size_t count = 0;
    ASSERT_EQ(session.write(as_bytes(text), count), Outcome::done);
    ASSERT_EQ(count, text.size());
  }

  std::shared_ptr<const Context> server_context, client_context;
  MemoryPipe pipe;
  Session server, client;
  Outcome server_outcome{}, client_outcome{}, last{};
};

TEST_F(TlsSession, HandsOverWhatIsWrittenBothWays) {
  connect();
  EXPECT_STREQ(server.protocol(), "TLSv1.3");
  EXPECT_STREQ(server.server_name(), "mx.example");
  send(client, "EHLO client\r\n");
  EXPECT_EQ(receive(server), "EHLO client\r\n");
  send(server, "250 mx\r\n");
  EXPECT_EQ(receive(client), "250 mx\r\n");
  EXPECT_EQ(receive(client), "");
  EXPECT_EQ(last, Outcome::want_input);
}

TEST_F(TlsSession, WorksWhenOctetsComeOneByOne) {
  pipe.client.step = pipe.server.step = 1;
  connect();
  send(client, "QUIT\r\n");
  EXPECT_EQ(receive(server), "QUIT\r\n");
}

TEST_F(TlsSession, AnRsaCertificateServesToo) {
  use(KeyKind::rsa);
  begin();
  shake_hands();
  EXPECT_EQ(server_outcome, Outcome::done);
}

TEST_F(TlsSession, CloseNotifyIsAnOrderlyEnd) {
  connect();
  EXPECT_EQ(client.close(), Outcome::done);
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(last, Outcome::closed);
}

TEST_F(TlsSession, AnEndWithoutCloseNotifyIsAFailure) {
  connect();
  receive(client);  // the session tickets
  pipe.server.finished = true;
  receive(server);
  EXPECT_EQ(last, Outcome::failed);
}

TEST_F(TlsSession, AFullStreamAsksForOutputAndGoesOnLater) {
  connect();
  pipe.client.room = 10;
  const std::string text(5'000, 'x');
  std::size_t count = 0;
  EXPECT_EQ(client.write(as_bytes(text), count), Outcome::want_output);
  EXPECT_EQ(count, 0u);
  pipe.client.room = SIZE_MAX;
  EXPECT_EQ(client.write(as_bytes(std::string(text)), count), Outcome::done);
  EXPECT_EQ(receive(server), text);
}

TEST_F(TlsSession, NothingIsReadAfterAFlippedBit) {
  connect();
  send(client, "MAIL FROM:<a@example.org>\r\n");
  pipe.server.arrived[10] ^= 1;
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(last, Outcome::failed);
  EXPECT_NE(server.failure().code, 0u);
  send(client, "DATA\r\n");
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(last, Outcome::failed);
}

TEST_F(TlsSession, AFailureOfOneSessionIsNotSeenByAnother) {
  connect();
  MemoryPipe other_pipe;
  Session other;
  ASSERT_TRUE(other.accept(*server_context, other_pipe.server));
  other_pipe.server.arrived = "EHLO in the clear\r\n";
  EXPECT_EQ(other.handshake(), Outcome::failed);
  send(client, "NOOP\r\n");
  EXPECT_EQ(receive(server), "NOOP\r\n");
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(last, Outcome::want_input);
}

TEST_F(TlsSession, ErrorsThatOthersLeftBehindAreNotTakenForItsOwn) {
  use(KeyKind::ecdsa);
  begin();
  const auto litter = [] { ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH); };
  for (int round = 0; round < 10; ++round) {
    litter();
    client_outcome = client.handshake();
    litter();
    server_outcome = server.handshake();
  }
  ASSERT_EQ(client_outcome, Outcome::done);
  ASSERT_EQ(server_outcome, Outcome::done);
  for (Session* session : {&client, &server}) {
    litter();
    EXPECT_EQ(receive(*session), "");
    EXPECT_EQ(last, Outcome::want_input);
  }
  for (Session* session : {&client, &server}) {
    litter();
    send(*session, "x");
    litter();
    EXPECT_EQ(session->close(), Outcome::done);
  }
  ERR_clear_error();
}

TEST_F(TlsSession, OnlyAnEstablishedSessionSaysGoodbye) {
  use(KeyKind::ecdsa);
  begin();
  EXPECT_EQ(server.close(), Outcome::done);
  EXPECT_EQ(pipe.client.arrived, "");
  shake_hands();
  send(client, "MAIL\r\n");
  pipe.server.arrived[10] ^= 1;
  EXPECT_EQ(receive(server), "");
  EXPECT_EQ(last, Outcome::failed);
  pipe.client.arrived.clear();
  EXPECT_EQ(server.close(), Outcome::failed);
  EXPECT_EQ(pipe.client.arrived, "");
}

TEST_F(TlsSession, ANameThatIsNotInTheCertificateFailsWhenVerified) {
  use(KeyKind::ecdsa);
  client_context = *Context::client({.peer = PeerCertificate::required});
  begin();
  shake_hands();
  EXPECT_EQ(client_outcome, Outcome::failed);
  EXPECT_NE(client.failure().view().find("certificate verify failed"), std::string_view::npos);
}

}  // namespace
}  // namespace sluice::tls
