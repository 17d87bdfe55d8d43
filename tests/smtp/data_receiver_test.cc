#include "engine/smtp/data_receiver.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/random.h"
#include "engine/smtp/body_writer.h"
#include "engine/smtp/text_run.h"
#include "tests/smtp/data_reference.h"

namespace sluice::smtp {

namespace {

struct Received {
  std::string message;
  std::size_t consumed = 0;
  bool end = false;
  DataReceiver::Fault fault = DataReceiver::Fault::none;
};

// piece() and room() say how many octets the next call gets and may write; at least 1.
template <typename Piece, typename Room>
Received receive_all(std::string_view data, BareNewlineMode mode, Piece&& piece, Room&& room) {
  DataReceiver receiver;
  receiver.start(mode);
  Received received;
  while (!received.end && received.consumed < data.size()) {
    std::string_view input = data.substr(received.consumed, piece());
    while (!received.end && !input.empty()) {
      std::vector<std::uint8_t> out(room());
      const auto step = receiver.receive(as_bytes(input), out);
      received.message += as_text(ByteView(out).first(step.produced));
      received.consumed += step.consumed;
      received.end = step.end;
      input.remove_prefix(step.consumed);
    }
  }
  received.fault = receiver.fault();
  return received;
}

Received receive_all(std::string_view data, BareNewlineMode mode) {
  return receive_all(data, mode, [] { return SIZE_MAX; }, [] { return 4096u; });
}

void expect_as_by_the_book(std::string_view data, BareNewlineMode mode, const Received& received) {
  const ReferenceResult reference = receive_by_the_book(data, mode);
  ASSERT_EQ(received.end, reference.end.has_value());
  if (!reference.end) return;
  EXPECT_EQ(received.consumed, *reference.end);
  EXPECT_EQ(received.fault, reference.fault);
  if (reference.fault == DataReceiver::Fault::none) {
    EXPECT_EQ(received.message, reference.message);
  }
}

std::string random_text(Random& random) {
  static constexpr std::string_view kWords[] = {
      "\r\n", "\r\n", "\r\n.", ".", "\r", "\n", "a", "..", ".\r", ".\n", std::string_view("\0", 1)};
  std::string text;
  const std::uint64_t words = random.below(40);
  const std::uint64_t kinds = random.chance(0.5) ? 4 : std::size(kWords);  // half of them are clean
  for (std::uint64_t i = 0; i < words; ++i) {
    if (random.chance(0.2)) text += std::string(random.below(150), 'x');
    text += kWords[random.below(kinds)];
  }
  if (random.chance(0.8)) text += "\r\n.\r\nNOOP\r\n";
  return text;
}

}  // namespace

// The nine sequences of the smuggling scanner and relatives (spec P-12); none ends the message.
const std::string_view kSmuggling[] = {
    "\n.\n",       "\n.\r",         "\r.\n",
    "\r.\r",       "\n.\r\n",       "\r.\r\n",
    "\r\n.\r\r\n", "\r\r\n.\r\r\n", std::string_view("\r\n\0.\r\n", 6),
    "\r\n.\n",     "\r\n.\r",       "\n\r\n.\n\r\n",
};

TEST(DataReceiver, NoSmugglingSequenceEndsTheMessage) {
  for (const std::string_view sequence : kSmuggling) {
    std::string data = "x";
    data.append(sequence).append("MAIL FROM:<evil@example.com>\r\n.\r\n");
    for (const auto mode : {BareNewlineMode::reject, BareNewlineMode::normalise}) {
      const Received received = receive_all(data, mode);
      EXPECT_TRUE(received.end);
      EXPECT_EQ(received.consumed, data.size()) << testing::PrintToString(sequence);
      const bool faulty = received.fault != DataReceiver::Fault::none;
      EXPECT_TRUE(faulty || mode == BareNewlineMode::normalise) << testing::PrintToString(sequence);
      expect_as_by_the_book(data, mode, received);
    }
  }
}

TEST(DataReceiver, ANormalisedLoneDotStaysALineOfTheMessage) {
  const Received received = receive_all("a\n.\nb\r\n.\r\n", BareNewlineMode::normalise);
  EXPECT_EQ(received.message, "a\r\n.\r\nb\r\n");
}

TEST(DataReceiver, RemovesOneDotOfAStuffedLine) {
  const Received received =
      receive_all("..\r\n.a\r\n...b\r\nc.d\r\n.\r\nrest", BareNewlineMode::reject);
  EXPECT_EQ(received.message, ".\r\na\r\n..b\r\nc.d\r\n");
  EXPECT_EQ(received.fault, DataReceiver::Fault::none);
}

TEST(DataReceiver, ADotAtOnceIsAnEmptyMessage) {
  const Received received = receive_all(".\r\n", BareNewlineMode::reject);
  EXPECT_TRUE(received.end);
  EXPECT_EQ(received.message, "");
}

TEST(DataReceiver, LongLinesAndHighOctetsPassUnbroken) {
  const std::string line = std::string(5'000, '\xe9').append("\r\n");
  std::string data = line;
  data.append(".\r\n");
  EXPECT_EQ(receive_all(data, BareNewlineMode::reject).message, line);
}

TEST(DataReceiver, NulIsAFaultInEitherMode) {
  const std::string data("a\0b\r\n.\r\n", 8);
  for (const auto mode : {BareNewlineMode::reject, BareNewlineMode::normalise})
    EXPECT_EQ(receive_all(data, mode).fault, DataReceiver::Fault::nul);
}

TEST(DataReceiver, AgreesWithTheReferenceForAnyChunking) {
  Random random(11);
  for (int round = 0; round < 20'000 && !testing::Test::HasFailure(); ++round) {
    const std::string data = random_text(random);
    const auto mode = random.chance(0.5) ? BareNewlineMode::reject : BareNewlineMode::normalise;
    const std::uint64_t piece = 1 + random.below(100), room = 1 + random.below(100);
    const Received received = receive_all(
        data, mode, [&] { return 1 + random.below(piece); },
        [&] { return 1 + random.below(room); });
    SCOPED_TRACE(testing::PrintToString(data));
    expect_as_by_the_book(data, mode, received);
  }
}

TEST(DataReceiver, WhileDiscardingItNeedsNoRoomAndFindsTheSameEnd) {
  Random random(12);
  for (int round = 0; round < 5'000 && !testing::Test::HasFailure(); ++round) {
    const std::string data = random_text(random);
    const auto reference = receive_by_the_book(data, BareNewlineMode::normalise);
    DataReceiver receiver;
    receiver.start(BareNewlineMode::normalise);
    receiver.discard();
    const auto step = receiver.receive(as_bytes(data), {});
    EXPECT_EQ(step.end, reference.end.has_value());
    EXPECT_EQ(step.consumed, reference.end.value_or(data.size()));
    EXPECT_EQ(step.produced, 0u);
  }
}

TEST(TextRun, StopsExactlyBeforeWhatNeedsAttention) {
  Random random(13);
  for (int round = 0; round < 20'000; ++round) {
    const std::string text = random_text(random);
    const bool line_start = random.chance(0.5);
    std::size_t expected = 0;
    for (bool start = line_start; expected < text.size(); start = text[expected - 1] == '\n') {
      const char c = text[expected];
      const bool crlf = std::string_view(text).substr(expected, 2) == "\r\n";
      if (c == '\n' || c == '\0' || (c == '\r' && !crlf) || (c == '.' && start)) break;
      expected += crlf ? 2 : 1;
    }
    ASSERT_EQ(plain_run(as_bytes(text), line_start), expected) << testing::PrintToString(text);
  }
}

TEST(BodyWriter, WhatItWritesIsReceivedAsTheRepairedMessage) {
  Random random(14);
  for (int round = 0; round < 20'000 && !testing::Test::HasFailure(); ++round) {
    std::string body = random_text(random);
    std::erase(body, '\0');
    BodyWriter writer;
    writer.start(BodyWriter::Form::data);
    std::string wire;
    for (std::string_view rest = body; !rest.empty();) {
      std::vector<std::uint8_t> out(2 + random.below(80));
      const auto step = writer.write(as_bytes(rest.substr(0, 1 + random.below(90))), out);
      wire += as_text(ByteView(out).first(step.produced));
      rest.remove_prefix(step.consumed);
    }
    std::uint8_t end[BodyWriter::kEndBytesMax];
    const std::size_t length = writer.finish(end);
    wire += as_text({end, length});
    bool repaired = false;
    std::string expected = normalised(body, repaired);
    if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
    const Received received = receive_all(wire, BareNewlineMode::reject);
    SCOPED_TRACE(testing::PrintToString(body));
    EXPECT_EQ(received.fault, DataReceiver::Fault::none);
    EXPECT_EQ(received.consumed, wire.size());
    EXPECT_EQ(received.message, expected);
  }
}

}  // namespace sluice::smtp
