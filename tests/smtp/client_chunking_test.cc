#include <gtest/gtest.h>

#include "engine/smtp/client_session.h"

namespace sluice::smtp {
namespace {

class ClientChunking : public testing::Test {
 protected:
  void SetUp() override {
    client_.open({.hostname = "out.test"}, Instant{});
    say("220 mx.test\r\n250-mx.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    EXPECT_EQ(sent(), "EHLO out.test\r\n");
    client_.start({.reverse_path = "a@example.com", .recipients = {{.address = "b@example.org"}}},
                  Instant{});
    EXPECT_EQ(sent(), "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\n");
  }

  void say(std::string_view replies) { client_.receive(as_bytes(replies), Instant{}); }
  std::string sent() {
    const std::string text(as_text(client_.output()));
    client_.output_sent(text.size());
    return text;
  }

  ClientSession client_;
};

TEST_F(ClientChunking, EachPieceHasItsLengthAndTheLastEndsTheMessage) {
  say("250 ok\r\n250 ok\r\n");
  ASSERT_TRUE(client_.wants_body());
  client_.body(as_bytes("Subject: x\r\n\r\n"), Instant{});
  client_.body(as_bytes(".dot\nend"), Instant{});
  client_.body_end(Instant{});
  EXPECT_EQ(
      sent(),
      "BDAT 0000000014\r\nSubject: x\r\n\r\nBDAT 0000000009\r\n.dot\r\nendBDAT 2 LAST\r\n\r\n");
  say("250 14 octets\r\n250 9 octets\r\n");
  EXPECT_FALSE(client_.take_result());
  say("250 2.0.0 queued\r\n");
  EXPECT_EQ(client_.take_result()->recipients[0].outcome, Outcome::delivered);
  EXPECT_TRUE(client_.ready());
}

TEST_F(ClientChunking, RefusedChunkRefusesTheMessage) {
  say("250 ok\r\n250 ok\r\n");
  client_.body(as_bytes("Subject: x\r\n"), Instant{});
  client_.body_end(Instant{});
  say("552 5.3.4 too large\r\n503 5.5.1 no\r\n");
  const auto result = client_.take_result();
  EXPECT_EQ(result->recipients[0].outcome, Outcome::failed);
  EXPECT_EQ(result->recipients[0].reply, "552 5.3.4 too large");
}

TEST_F(ClientChunking, NothingIsSentWhenNoRecipientIsLeft) {
  say("250 ok\r\n550 5.1.1 unknown\r\n");
  EXPECT_EQ(client_.take_result()->recipients[0].outcome, Outcome::failed);
  EXPECT_EQ(sent(), "");
}

TEST_F(ClientChunking, LostConnectionBeforeTheLastReplyIsNoDelivery) {
  say("250 ok\r\n250 ok\r\n");
  client_.body(as_bytes("Subject: x\r\n"), Instant{});
  client_.body_end(Instant{});
  say("250 12 octets\r\n");
  client_.connection_lost("reset", Instant{});
  EXPECT_EQ(client_.take_result()->recipients[0].outcome, Outcome::deferred);
}

}  // namespace
}  // namespace sluice::smtp
