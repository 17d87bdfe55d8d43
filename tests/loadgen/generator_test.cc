#include "tools/loadgen/generator.h"

#include <gtest/gtest.h>

#include "tests/loadgen/memory_server.h"
#include "tools/loadgen/synthetic.h"

namespace sluice::load {
namespace {

// Every look at it is 10 us later than the one before.
class SteppingClock final : public Clock {
 public:
  Instant now() noexcept override { return now_ = now_ + microseconds(10); }
  WallTime wall() noexcept override { return {now_.ns}; }

 private:
  Instant now_{};
};

struct Load {
  explicit Load(const Options& options, MemoryServerPlan plan = {},
                std::vector<Message> messages = make_synthetic(2'048, 1))
      : server(plan) {
    Generator generator(options, messages, server, clock, tally);
    generator.run([](const Progress&) {});
    complete = generator.complete();
    elapsed = generator.elapsed();
  }
  SteppingClock clock;
  MemoryServer server;
  Tally tally;
  bool complete = false;
  Duration elapsed{};
};

Options options_for(std::uint64_t messages) {
  Options options;
  options.connections = 3;
  options.messages_per_connection = 7;
  options.messages = messages;
  return options;
}

TEST(Generator, SendsEveryMessageOnceAndCountsItsReply) {
  const Load run(options_for(50));
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.server.messages, 50U);
  EXPECT_EQ(run.tally.accepted(), 50U);
  EXPECT_EQ(run.tally.protocol_failures(), 0U);
  EXPECT_GE(run.tally.connections, 8U);  // 7 messages each
  EXPECT_LE(run.tally.connections, 10U);
  EXPECT_EQ(run.tally.final_dot.count(), 50U);
  EXPECT_EQ(run.tally.transaction.count(), 50U);
}

TEST(Generator, CountsARefusalAsAReplyNotAsAFailure) {
  const Load run(options_for(20), {.reply = 550});
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.tally.codes[550], 20U);
  EXPECT_EQ(run.tally.accepted(), 0U);
  EXPECT_EQ(run.tally.protocol_failures(), 0U);
}

TEST(Generator, CountsAMessageLostWithItsConnectionAndDoesNotRepeatIt) {
  const Load run(options_for(30), {.vanish_at = 5});
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.tally.unanswered, 1U);
  EXPECT_EQ(run.tally.connections_failed, 1U);
  EXPECT_EQ(run.tally.accepted(), 29U);
  EXPECT_EQ(run.server.messages, 30U);
}

TEST(Generator, KeepsTheRate) {
  Options options = options_for(200);
  options.rate = 1'000;
  const Load run(options);
  EXPECT_TRUE(run.complete);
  EXPECT_GE(run.elapsed, milliseconds(180));
  EXPECT_LE(run.elapsed, milliseconds(220));
}

TEST(Generator, StartsNoMessageAfterItsDuration) {
  Options options = options_for(0);
  options.duration = milliseconds(50);
  options.rate = 1'000;
  const Load run(options);
  EXPECT_TRUE(run.complete);
  EXPECT_GE(run.tally.messages, 40U);
  EXPECT_LE(run.tally.messages, 60U);
}

TEST(Generator, WritesNoMoreThanTheChunkAtOnce) {
  Options options = options_for(5);
  options.chunk = 13;
  const Load run(options);
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.server.longest_write, 13U);
  EXPECT_EQ(run.tally.accepted(), 5U);
}

TEST(Generator, GoesOnWhenTheTransportTakesLittle) {
  const Load run(options_for(5), {.write_space = 100});
  EXPECT_TRUE(run.complete);
  EXPECT_EQ(run.tally.accepted(), 5U);
}

TEST(Generator, SendsARawMessageWithItsBareNewlines) {
  const std::string_view file = "Subject: x\r\n\r\nbefore\n.\nMAIL FROM:<a@b>\r.\rafter\r\n";
  const Load run(options_for(1), {}, {make_message("attack.raw", file)});
  EXPECT_TRUE(run.complete);
  EXPECT_NE(run.server.wire.find(file), std::string::npos);
  EXPECT_EQ(run.tally.codes[550], 1U);  // and the server is not fooled
  EXPECT_EQ(run.server.messages, 0U);
}

TEST(Generator, GivesUpWhenNobodyAnswers) {
  const Load run(options_for(10), {.refuse_connections = true});
  EXPECT_FALSE(run.complete);
  EXPECT_EQ(run.tally.messages, 0U);
  EXPECT_EQ(run.tally.first_failure, net::describe(net::NetError::refused));
}

TEST(Generator, NumbersSendersAndRecipients) {
  Options options = options_for(3);
  options.connections = 1;
  options.from = "bounce-%n@example.net";
  options.to = "someone@example.com";
  const Load run(options);
  for (const char* text : {"MAIL FROM:<bounce-0@example.net>", "MAIL FROM:<bounce-2@example.net>",
                           "RCPT TO:<someone@example.com>"})
    EXPECT_NE(run.server.wire.find(text), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::load
