// Records that hold what no honest client sends, sealed with keys that both ends have.
#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>
#include <vector>

#include "tests/support/memory_stream.h"
#include "tls/record_layer.h"

namespace sluice::tls {
namespace {

using std::string_literals::operator""s;

constexpr std::uint8_t kAlert = 21, kHandshake = 22, kData = 23;
constexpr std::uint64_t kRecordsPerKey = 1ULL << 20;

class TlsPeersRecords : public testing::Test {
 protected:
  TlsPeersRecords() {
    for (TrafficSecret* secret : {&handover.secrets.client, &handover.secrets.server}) {
      secret->hash = Hash::sha_256;
      secret->octets.fill(secret == &handover.secrets.client ? 'c' : 's');
    }
    const SslContextPtr context(SSL_CTX_new(TLS_method()));
    const SslPtr ssl(SSL_new(context.get()));
    const std::uint8_t aes_128_gcm[] = {0x13, 0x01};
    suite = SSL_CIPHER_find(ssl.get(), aes_128_gcm);
    start();
  }
  ~TlsPeersRecords() override { ERR_clear_error(); }

  void start(std::uint64_t server_records = 0) {
    handover.server_records = server_records;
    pipe.server.arrived.clear();
    pipe.client.arrived.clear();
    ERR_clear_error();
    layer = {};
    ASSERT_TRUE(layer.start(suite, handover, pipe.server));
    ASSERT_TRUE(sealer.start(RecordKeys::Direction::seal, suite, handover.secrets.client, 0));
    ASSERT_TRUE(
        opener.start(RecordKeys::Direction::open, suite, handover.secrets.server, server_records));
  }
  void send(std::uint8_t type, std::string_view content) {
    std::vector<std::uint8_t> record(content.size() + 100);
    record.resize(sealer.seal(type, as_bytes(content), record));
    pipe.server.arrived += as_text(record);
  }
  // "ok:octets", or the reason of the failure.
  std::string heard() {
    std::vector<std::uint8_t> space(kInnerMax);
    std::size_t count = 0;
    const Outcome outcome = layer.read(space, count);
    if (outcome == Outcome::done) return "ok:" + std::string(as_text({space.data(), count}));
    if (outcome != Outcome::failed) return outcome == Outcome::want_input ? "waits" : "closed";
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    return reason == nullptr ? "unnamed" : reason;
  }
  // What the server has sent: the type and content of its oldest record.
  std::pair<int, std::string> answered() {
    const std::string sealed = pipe.client.arrived;
    if (sealed.size() < kRecordHeader) return {0, ""};
    const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(sealed[at]); };
    const std::size_t size = kRecordHeader + (std::size_t{octet(3)} << 8 | octet(4));
    std::vector<std::uint8_t> inner(size - kRecordHeader - kRecordTag);
    if (!opener.open(as_bytes(sealed).first(size), inner)) return {-1, "not authentic"};
    opener.next();
    pipe.client.arrived.erase(0, size);
    const int type = inner.back();
    return {type, std::string(as_text(ByteView(inner).first(inner.size() - 1)))};
  }
  void write(std::string_view text) {
    std::size_t count = 0;
    ASSERT_EQ(layer.write(as_bytes(text), count), Outcome::done);
    ASSERT_EQ(count, text.size());
  }

  Handover handover;
  const SSL_CIPHER* suite = nullptr;
  test::MemoryPipe pipe;
  RecordLayer layer;
  RecordKeys sealer, opener;
};

using Record = std::pair<std::uint8_t, std::string>;
const std::string kUpdate = "\x18\0\0\x01\0"s;

TEST_F(TlsPeersRecords, WhatAClientMayNotSayEndsTheSessionWithAnAlertThatNamesIt) {
  struct Case {
    std::vector<Record> records;
    const char* reason;
    std::uint8_t alert;
  };
  const Case cases[] = {
      {{{kHandshake, "\x01\0\0\x01\0"s}}, "unexpected message", SSL_AD_UNEXPECTED_MESSAGE},
      {{{kHandshake, ""}}, "unexpected message", SSL_AD_UNEXPECTED_MESSAGE},
      {{{kHandshake, kUpdate + kUpdate}}, "unexpected message", SSL_AD_UNEXPECTED_MESSAGE},
      {{{kHandshake, "\x18\0\0\x01\x02"s}}, "bad key update", SSL_AD_ILLEGAL_PARAMETER},
      {{{kHandshake, "\x18\0\0\x02\0"s}}, "bad key update", SSL_AD_DECODE_ERROR},
      // RFC 8446 5.1: nothing comes between the pieces of a message.
      {{{kHandshake, "\x18\0"s}, {kData, "NOOP\r\n"}},
       "unexpected record",
       SSL_AD_UNEXPECTED_MESSAGE},
      {{{kHandshake, "\x18\0"s}, {kAlert, "\x01\0"s}},
       "unexpected record",
       SSL_AD_UNEXPECTED_MESSAGE},
      {{{kAlert, "\x01\0\0"s}}, "invalid alert", SSL_AD_DECODE_ERROR},
      {{{kAlert, "\x01"s}}, "invalid alert", SSL_AD_DECODE_ERROR},
      {{{20, "\x01"s}}, "unexpected record", SSL_AD_UNEXPECTED_MESSAGE},
      {{{99, "NOOP\r\n"}}, "unexpected record", SSL_AD_UNEXPECTED_MESSAGE},
      {{{0, std::string(50, '\0')}}, "bad record type", SSL_AD_UNEXPECTED_MESSAGE},
      {{{kData, std::string(kPlainTextMax + 1, 'x')}},
       "data length too long",
       SSL_AD_RECORD_OVERFLOW},
  };
  for (const Case& one : cases) {
    start();
    for (const auto& [type, content] : one.records) send(type, content);
    EXPECT_EQ(heard(), one.reason);
    const auto [type, alert] = answered();
    EXPECT_EQ(type, kAlert) << one.reason;
    EXPECT_EQ(alert, std::string("\x02") + static_cast<char>(one.alert)) << one.reason;
  }
}

TEST_F(TlsPeersRecords, ALargestRecordIsRead) {
  const std::string text(kPlainTextMax, 'x');
  send(kData, text);
  EXPECT_EQ(heard(), "ok:" + text);
}

TEST_F(TlsPeersRecords, AnEmptyRecordSaysNothing) {
  send(kData, "");
  send(kData, "NOOP\r\n");
  EXPECT_EQ(heard(), "ok:NOOP\r\n");
}

TEST_F(TlsPeersRecords, AnAlertThatEndsTheSessionIsItsReason) {
  send(kAlert, "\x02\x28"s);
  EXPECT_EQ(heard(), "sslv3 alert handshake failure");
  EXPECT_EQ(answered().first, 0);
}

TEST_F(TlsPeersRecords, UserCanceledIsFollowedByCloseNotify) {
  send(kAlert, "\x01\x5a"s);
  EXPECT_EQ(heard(), "waits");
  send(kAlert, "\x01\0"s);
  EXPECT_EQ(heard(), "closed");
}

TEST_F(TlsPeersRecords, AKeyUpdateInPiecesIsOne) {
  for (const char octet : kUpdate) send(kHandshake, std::string(1, octet));
  EXPECT_EQ(heard(), "waits");
  ASSERT_TRUE(sealer.update());
  send(kData, "NOOP\r\n");
  EXPECT_EQ(heard(), "ok:NOOP\r\n");
  write("250 ok\r\n");  // not asked for, ours stay
  EXPECT_EQ(answered(), (std::pair<int, std::string>(kData, "250 ok\r\n")));
}

TEST_F(TlsPeersRecords, AKeyUpdateThatAsksIsAnsweredOnceAndBeforeTheNextOctets) {
  for (int i = 0; i < 2; ++i) {
    send(kHandshake, "\x18\0\0\x01\x01"s);
    ASSERT_TRUE(sealer.update());
  }
  EXPECT_EQ(heard(), "waits");
  for (int i = 0; i < 2; ++i) write("250 ok\r\n");
  EXPECT_EQ(answered(), (std::pair<int, std::string>(kHandshake, kUpdate)));
  ASSERT_TRUE(opener.update());
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(answered(), (std::pair<int, std::string>(kData, "250 ok\r\n")));
}

TEST_F(TlsPeersRecords, AKeyThatHasSealedEnoughIsChanged) {
  start(kRecordsPerKey - 1);
  for (int i = 0; i < 2; ++i) write("250 ok\r\n");
  EXPECT_EQ(answered(), (std::pair<int, std::string>(kData, "250 ok\r\n")));
  EXPECT_EQ(answered(), (std::pair<int, std::string>(kHandshake, kUpdate)));
  ASSERT_TRUE(opener.update());
  EXPECT_EQ(answered(), (std::pair<int, std::string>(kData, "250 ok\r\n")));
}

}  // namespace
}  // namespace sluice::tls
