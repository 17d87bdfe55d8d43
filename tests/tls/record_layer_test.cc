// Our own records of TLS 1.3 with OpenSSL at the other end.
#include "tls/record_layer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>

#include "tests/support/certificates.h"
#include "tests/support/memory_stream.h"
#include "tls/context.h"
#include "tls/stream.h"

namespace sluice::tls {
namespace {

class TlsRecordLayer : public testing::Test {
 protected:
  void connect(const char* suites = nullptr) {
    pipe.client.arrived.clear();
    pipe.server.arrived.clear();
    std::vector<Identity> identities;
    identities.push_back(test::make_identity("mx.example"));
    context = *Context::server(std::move(identities), {});
    client_context.reset(SSL_CTX_new(TLS_client_method()));
    if (suites != nullptr) SSL_CTX_set_ciphersuites(client_context.get(), suites);
    client.reset(SSL_new(client_context.get()));
    input = BIO_new(BIO_s_mem());
    output = BIO_new(BIO_s_mem());
    SSL_set_bio(client.get(), input, output);
    SSL_set_connect_state(client.get());
    ASSERT_TRUE(server.accept(*context, pipe.server));
    for (int round = 0; round < 4; ++round) {
      SSL_do_handshake(client.get());
      carry();
      if (server.established()) break;
      server.handshake();
      carry();
    }
    ASSERT_TRUE(server.established());
    server.carry_on(pipe.server);
  }
  // Between the client's BIOs and the server's end of the pipe.
  void carry() {
    char octets[4'096];
    int count = 0;
    while ((count = BIO_read(output, octets, sizeof octets)) > 0)
      pipe.server.arrived.append(octets, static_cast<std::size_t>(count));
    std::string& sent = pipe.client.arrived;
    if (!sent.empty()) BIO_write(input, sent.data(), static_cast<int>(sent.size()));
    sent.clear();
  }
  void say(std::string_view text) {
    ASSERT_EQ(SSL_write(client.get(), text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
    carry();
  }
  std::string heard_by_client() {
    carry();
    std::string text(40'000, '\0');
    const int count = SSL_read(client.get(), text.data(), static_cast<int>(text.size()));
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  std::string heard(std::size_t room = 20'000) {
    std::vector<std::uint8_t> space(room);
    std::size_t count = 0;
    last = server.read(space, count);
    EXPECT_EQ(ERR_peek_error(), 0u);
    return std::string(as_text({space.data(), count}));
  }
  std::string heard_all(std::size_t room) {
    std::string all;
    do {
      all += heard(room);
    } while (last == Outcome::done);
    return all;
  }
  void answer(std::string_view text) {
    std::size_t count = 0;
    ASSERT_EQ(server.write(as_bytes(text), count), Outcome::done);
    ASSERT_EQ(count, text.size());
  }
  std::string failure() const { return std::string(server.failure().view()); }

  std::shared_ptr<const Context> context;
  SslContextPtr client_context;
  SslPtr client;
  BIO* input = nullptr;
  BIO* output = nullptr;
  test::MemoryPipe pipe;
  Session server;
  Outcome last{};
};

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

TEST_F(TlsRecordLayer, EverySuiteCarriesBothWays) {
  for (const char* suite :
       {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    connect(suite);
    EXPECT_STREQ(server.cipher(), suite);
    EXPECT_STREQ(server.protocol(), "TLSv1.3");
    for (int turn = 0; turn < 3; ++turn) {
      say("NOOP\r\n");
      EXPECT_EQ(heard(), "NOOP\r\n");
      EXPECT_EQ(heard(), "");
      EXPECT_EQ(last, Outcome::want_input);
      answer("250 ok\r\n");
      EXPECT_EQ(heard_by_client(), "250 ok\r\n");
    }
    server.reset();
  }
}

TEST_F(TlsRecordLayer, ManyRecordsComeThroughWhateverTheReaderTakes) {
  connect();
  const std::string text = text_of(100'000);
  for (std::size_t room :
       {std::size_t{1'000}, std::size_t{16'384}, kInnerMax, std::size_t{70'000}}) {
    say(text);
    EXPECT_EQ(heard_all(room), text) << room;
    EXPECT_EQ(last, Outcome::want_input);
  }
}

TEST_F(TlsRecordLayer, ARecordInPiecesIsGathered) {
  connect();
  pipe.server.step = 1'460;
  const std::string text = text_of(16'384);
  say(text);
  std::string arrived = std::move(pipe.server.arrived);
  pipe.server.arrived.clear();
  for (std::size_t at = 0; at + 1 < arrived.size(); at += 999) {
    pipe.server.arrived += arrived.substr(at, std::min<std::size_t>(999, arrived.size() - 1 - at));
    EXPECT_EQ(heard(), "");
    EXPECT_EQ(last, Outcome::want_input);
  }
  pipe.server.arrived += arrived.back();
  EXPECT_EQ(heard(), text);
}

TEST_F(TlsRecordLayer, PeekedOctetsStay) {
  connect();
  say("MAIL\r\nRCPT\r\n");
  std::uint8_t space[100];
  std::size_t count = 0;
  EXPECT_EQ(server.peek(space, count), Outcome::done);
  EXPECT_EQ(as_text({space, count}), "MAIL\r\nRCPT\r\n");
  EXPECT_EQ(heard(6), "MAIL\r\n");
  EXPECT_EQ(server.peek(space, count), Outcome::done);
  EXPECT_EQ(as_text({space, count}), "RCPT\r\n");
  EXPECT_EQ(heard(), "RCPT\r\n");
}

TEST_F(TlsRecordLayer, PaddingIsTakenOff) {
  connect();
  SSL_set_block_padding(client.get(), 4'096);
  say("QUIT\r\n");
  EXPECT_GT(pipe.server.arrived.size(), 4'096u);
  EXPECT_EQ(heard(), "QUIT\r\n");
}

TEST_F(TlsRecordLayer, EitherSideChangesItsKeys) {
  connect();
  for (int generation = 0; generation < 3; ++generation) {
    ASSERT_EQ(SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    say("EHLO client\r\n");
    EXPECT_EQ(heard(), "EHLO client\r\n");
    answer("250 mx\r\n");  // behind our own KeyUpdate
    EXPECT_EQ(heard_by_client(), "250 mx\r\n");
    say("NOOP\r\n");
    EXPECT_EQ(heard(), "NOOP\r\n");
  }
}

TEST_F(TlsRecordLayer, KeyUpdatesWithoutEndAreRefused) {
  connect();
  for (int i = 0; i < 40; ++i) {
    SSL_key_update(client.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(client.get());
    carry();
  }
  EXPECT_EQ(heard(), "");
  EXPECT_EQ(last, Outcome::failed);
}

TEST_F(TlsRecordLayer, AFullCarrierAsksForOutputAndGoesOnLater) {
  connect();
  const std::string text = text_of(5'000);
  for (std::size_t room : {0u, 4u, 700u}) {
    pipe.server.room = room;
    std::size_t count = 0;
    EXPECT_EQ(server.write(as_bytes(text), count), Outcome::want_output);
    EXPECT_EQ(count, 0u);
    EXPECT_EQ(server.write(as_bytes(text), count), Outcome::want_output);
    pipe.server.room = SIZE_MAX;
    answer(text);
    EXPECT_EQ(heard_by_client(), text);
  }
}

TEST_F(TlsRecordLayer, CloseNotifyEndsBothDirections) {
  connect();
  say("QUIT\r\n");
  SSL_shutdown(client.get());
  carry();
  EXPECT_EQ(heard(), "QUIT\r\n");
  EXPECT_EQ(heard(), "");
  EXPECT_EQ(last, Outcome::closed);
  EXPECT_EQ(server.close(), Outcome::done);
  EXPECT_EQ(heard_by_client(), "");
  EXPECT_EQ(SSL_get_shutdown(client.get()), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TEST_F(TlsRecordLayer, AnEndWithoutCloseNotifyIsAFailureAlsoInsideARecord) {
  for (bool inside : {false, true}) {
    server.reset();
    connect();
    if (inside) {
      say("DATA\r\n");
      pipe.server.arrived.pop_back();
    }
    pipe.server.finished = true;
    EXPECT_EQ(heard(), "");
    EXPECT_EQ(last, Outcome::failed);
    EXPECT_NE(failure().find("unexpected eof"), std::string::npos) << failure();
    pipe.server.finished = false;
  }
}

TEST_F(TlsRecordLayer, AForgedRecordIsNotReadAndThePeerHearsWhy) {
  connect();
  say("MAIL FROM:<a@example.org>\r\n");
  pipe.server.arrived[12] ^= 1;
  EXPECT_EQ(heard(), "");
  EXPECT_EQ(last, Outcome::failed);
  EXPECT_NE(failure().find("bad record mac"), std::string::npos) << failure();
  EXPECT_EQ(heard_by_client(), "");
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
  ERR_clear_error();
  pipe.server.arrived.clear();
  EXPECT_EQ(heard(), "");
  EXPECT_EQ(last, Outcome::failed);
}

TEST_F(TlsRecordLayer, WhatIsNoRecordOfThisConnectionIsNamed) {
  using std::string_literals::operator""s;
  const std::pair<std::string, const char*> cases[] = {
      {"EHLO in the clear\r\n", "bad record type"},
      {"\x15\x03\x03\x00\x02\x01\x00"s, "bad record type"},  // an alert that nobody sealed
      {"\x17\x03\x03\x41\x11"s, "encrypted length too long"},
      {"\x17\x03\x03\x00\x10"s + std::string(16, 'x'), "length too short"},
      {"\x17\x02\x03\x00\x20"s + std::string(32, 'x'), "wrong version number"}};
  for (const auto& [octets, fault] : cases) {
    server.reset();
    connect();
    pipe.server.arrived = octets;
    EXPECT_EQ(heard(), "");
    EXPECT_EQ(last, Outcome::failed);
    EXPECT_NE(failure().find(fault), std::string::npos) << failure();
  }
}

TEST_F(TlsRecordLayer, TheStreamParksWhatItsReaderLeaves) {
  connect();
  for (std::size_t spare : {0u, 1u}) {
    ReadBuffers buffers(spare);
    Stream stream(buffers, std::move(server));
    say("MAIL\r\nRCPT\r\n");
    EXPECT_EQ(as_text(stream.readable()), "MAIL\r\nRCPT\r\n");
    stream.consume(6);
    stream.park();
    std::ranges::fill(buffers.scratch(), 'X');  // another session of the core
    EXPECT_EQ(as_text(stream.readable()), "RCPT\r\n");
    stream.consume(6);
    EXPECT_TRUE(stream.readable().empty());
    server = std::move(stream.session());
  }
}

}  // namespace
}  // namespace sluice::tls
