// Client and server wired to each other in memory, with the wire cut at random places: what the
// client is given to send, the server's house receives.
#include <gtest/gtest.h>

#include "engine/base/random.h"
#include "engine/smtp/client_session.h"
#include "tests/smtp/data_reference.h"
#include "tests/support/smtp_script.h"

namespace sluice::smtp {

namespace {

class SmtpPair {
 public:
  SmtpPair(std::uint64_t seed, ServerSettings settings)
      : random_(seed), settings_(std::move(settings)) {
    handler.space_bytes = 1 + random_.below(5'000);
    server_.open(settings_, handler, {*IpAddress::parse("192.0.2.7"), 25}, Instant{});
    client_.open({.hostname = "out.test", .chunking = random_.chance(0.5)}, Instant{});
  }

  MessageResult deliver(const OutgoingMessage& message, std::string_view body) {
    for (int turn = 0; turn < 100'000; ++turn) {
      if (client_.ready()) client_.start(message, Instant{});
      if (auto result = client_.take_result()) return *result;
      if (client_.wants_body()) feed(body);
      move_octets();
    }
    ADD_FAILURE() << "the pair does not come to an end";
    return {};
  }

  RecordingHandler handler;

 private:
  void feed(std::string_view& body) {
    if (body.empty()) return client_.body_end(Instant{});
    const std::size_t piece = 1 + random_.below(20'000);
    body.remove_prefix(client_.body(as_bytes(body.substr(0, piece)), Instant{}));
  }

  ByteView some_of(ByteView octets) {
    return octets.first(std::min<std::size_t>(octets.size(), 1 + random_.below(3'000)));
  }

  void move_octets() {
    const ByteView to_server = some_of(client_.output());
    client_.output_sent(server_.receive(to_server, Instant{}));
    if (server_.waiting() == Wait::commit)
      server_.complete_message({250, "2.0.0", "Queued"}, Instant{});
    const ByteView to_client = some_of(server_.output());
    const std::size_t count = to_client.size();
    client_.receive(to_client, Instant{});
    server_.output_sent(count);
  }

  Random random_;
  ServerSettings settings_;
  ServerSession server_;
  ClientSession client_;
};

std::string random_body(Random& random) {
  static constexpr std::string_view kPieces[] = {"\r\n", "\r\n.\r\n", "\n.\n", "\r",
                                                 ".",    "text",      "..",    "\r\n."};
  std::string body;
  for (std::uint64_t i = random.below(60); i > 0; --i) {
    body += kPieces[random.below(std::size(kPieces))];
    if (random.chance(0.1)) body += std::string(random.below(20'000), 'y');
  }
  return body;
}

}  // namespace

TEST(SmtpPair, WhateverIsSentArrivesRepairedAndWhole) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    SmtpPair pair(seed, {.hostname = "mx.test"});
    OutgoingMessage message{.reverse_path = "a@example.com",
                            .recipients = {{.address = "b@example.org"},
                                           {.address = "refuse@example.org"},
                                           {.address = "c@example.org"}}};
    for (int i = 0; i < 3; ++i) {
      const std::string body = random_body(random);
      const MessageResult result = pair.deliver(message, body);
      bool repaired = false;
      std::string expected = normalised(body, repaired);
      if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
      ASSERT_EQ(pair.handler.message, expected) << seed;
      ASSERT_EQ(result.recipients[0].reply, "250 2.0.0 Queued");
      ASSERT_EQ(result.recipients[1].reply, "550 5.1.1 User unknown");
      ASSERT_EQ(result.recipients[2].outcome, Outcome::delivered);
    }
  }
}

TEST(SmtpPair, RecipientsBeyondTheServersLimitAreDeferred) {
  SmtpPair pair(1, {.hostname = "mx.test", .recipients_max = 2});
  OutgoingMessage message{.reverse_path = "",
                          .recipients = {{.address = "b@example.org"},
                                         {.address = "c@example.org"},
                                         {.address = "d@example.org"}}};
  const MessageResult result = pair.deliver(message, "x\r\n");
  EXPECT_EQ(result.recipients[1].outcome, Outcome::delivered);
  EXPECT_EQ(result.recipients[2].outcome, Outcome::deferred);
  EXPECT_EQ(result.recipients[2].reply, "452 4.5.3 Too many recipients");
}

}  // namespace sluice::smtp
