#include "engine/smtp/command.h"

#include <gtest/gtest.h>

#include "engine/smtp/line_reader.h"

namespace sluice::smtp {

struct RefusalRow {
  std::string_view line;
  std::uint16_t code;
  std::string_view enhanced;
};

TEST(Command, RefusesWithTheRightCode) {
  using namespace std::string_view_literals;
  const RefusalRow rows[] = {
      {"", 500, "5.5.1"},
      {" NOOP", 500, "5.5.1"},
      {"NOOPE", 500, "5.5.1"},
      {"EHLO", 501, "5.5.4"},
      {"EHLO two words", 501, "5.5.4"},
      {"HELO \x01", 501, "5.5.4"},
      {"NO\0OP"sv, 501, "5.5.2"},
      {"NOOP \xc3", 501, "5.5.2"},
      {"MAIL FROM:", 501, "5.5.4"},
      {"MAIL TO:<a@b>", 501, "5.5.4"},
      {"MAIL FROM:a@b", 501, "5.5.4"},
      {"MAIL FROM:<a@b>SIZE=1", 501, "5.5.4"},
      {"MAIL FROM:<a b@c>", 501, "5.1.7"},
      {"RCPT TO:<>", 501, "5.1.3"},
      {"RCPT TO:<a@b_c>", 501, "5.1.3"},
      {"MAIL FROM:<a@b> SIZE=", 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=x", 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=-1", 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=99999999999999999999", 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=1 size=1", 501, "5.5.4"},
      {"MAIL FROM:<a@b> BODY=9BIT", 501, "5.5.4"},
      {"MAIL FROM:<a@b> BODY=BINARYMIME", 555, "5.5.4"},
      {"MAIL FROM:<a@b> SMTPUTF8=yes", 501, "5.5.4"},
      {"MAIL FROM:<a@b> RET=ALL", 501, "5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a+zz", 501, "5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a=b", 501, "5.5.4"},
      {"MAIL FROM:<a@b> AUTH=<>", 555, "5.5.4"},
      {"MAIL FROM:<a@b> =1", 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=NEVER,DELAY", 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=", 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,", 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822", 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822;", 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=;a", 501, "5.5.4"},
      {"RCPT TO:<a@b> RET=FULL", 555, "5.5.4"},
      {"RSET x", 501, "5.5.4"},
      {"QUIT x", 501, "5.5.4"},
  };
  for (const RefusalRow& row : rows) {
    const auto command = parse_command(row.line);
    ASSERT_FALSE(command) << row.line;
    EXPECT_EQ(command.error().reply.code, row.code) << row.line;
    EXPECT_EQ(command.error().reply.enhanced, row.enhanced) << row.line;
    EXPECT_FALSE(command.error().out_of_step) << row.line;
  }
}

TEST(Command, ReadsMailWithAllItsParameters) {
  const auto command = parse_command(
      "mail from: <@r.example:a@example.com>  size=7 BODY=8bitmime SMTPUTF8 RET=full ENVID=q+2B ");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->verb, Verb::mail);
  EXPECT_EQ(command->reverse_path, "a@example.com");
  EXPECT_EQ(command->size, 7u);
  EXPECT_EQ(command->parameters.body, mail::BodyType::eight_bit_mime);
  EXPECT_TRUE(command->parameters.smtputf8);
  EXPECT_EQ(command->parameters.ret, mail::DsnReturn::full);
  EXPECT_EQ(command->parameters.envid, "q+2B");
}

TEST(Command, ReadsRcptWithAllItsParameters) {
  const auto command =
      parse_command("RCPT TO:<Postmaster> NOTIFY=delay,FAILURE ORCPT=utf-8;\xc3\xa4@b");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->recipient.address, "Postmaster");
  EXPECT_EQ(command->recipient.notify, mail::kNotifyDelay | mail::kNotifyFailure);
  EXPECT_EQ(command->recipient.orcpt, "utf-8;\xc3\xa4@b");
}

TEST(Command, ReadsBdatOrSaysThatTheNextCommandIsLost) {
  EXPECT_EQ(parse_command("BDAT 86")->chunk_bytes, 86u);
  EXPECT_FALSE(parse_command("BDAT 86")->last_chunk);
  EXPECT_TRUE(parse_command("bdat 0 last")->last_chunk);
  for (const char* line : {"BDAT", "BDAT x", "BDAT -1", "BDAT 1 FIRST", "BDAT 99999999999999999999",
                           "BDAT LAST", "BDAT 1LAST"}) {
    const auto command = parse_command(line);
    ASSERT_FALSE(command) << line;
    EXPECT_EQ(command.error().reply.code, 501) << line;
    EXPECT_TRUE(command.error().out_of_step) << line;
  }
}

namespace {

std::vector<std::string> lines_of(std::string_view input, std::size_t piece) {
  LineReader reader;
  std::vector<std::string> lines;
  while (!input.empty()) {
    const auto line = reader.read(as_bytes(input.substr(0, piece)));
    input.remove_prefix(line.consumed);
    if (line.status == LineReader::Status::whole) lines.emplace_back(line.text);
    if (line.status == LineReader::Status::bare_newline) lines.emplace_back("(bare)");
    if (line.status == LineReader::Status::too_long) lines.emplace_back("(long)");
  }
  return lines;
}

}  // namespace

TEST(LineReader, GivesTheSameLinesForEveryPieceSize) {
  const std::string most(kCommandBytesMax - 2, 'm');
  const std::string input = "a\r\n\r\nb\nc\rd\r\n" + most + "\r\n" + most + "m\r\n" + most + most +
                            "\nNOOP\n\r\nlast\r\n";
  const std::vector<std::string> expected{"a",  "",       "(bare)", "(bare)",
                                          most, "(long)", "(long)", "last"};
  for (std::size_t piece = 1; piece <= 300; ++piece)
    EXPECT_EQ(lines_of(input, piece), expected) << piece;
  EXPECT_EQ(lines_of(input, SIZE_MAX), expected);
}

TEST(LineReader, AnEndlessLineIsTakenInAndForgotten) {
  LineReader reader;
  const std::string part(1'000, 'x');
  for (int i = 0; i < 1'000; ++i)
    ASSERT_EQ(reader.read(as_bytes(part)).status, LineReader::Status::partial);
  EXPECT_EQ(reader.read(as_bytes("\r\n")).status, LineReader::Status::too_long);
  EXPECT_EQ(reader.read(as_bytes("NOOP\r\n")).text, "NOOP");
}

TEST(SpillBuffer, QueuesOctetsUpToItsBound) {
  SpillBuffer<4, 16> buffer;
  std::string expected;
  for (char c = 'a'; c < 'z'; ++c) {
    const std::string two(2, c);
    if (buffer.room() < 2) {
      buffer.consume(5);
      expected.erase(0, 5);
    }
    buffer.append(as_bytes(two));
    expected += two;
    ASSERT_EQ(as_text(buffer.bytes()), expected);
    ASSERT_EQ(buffer.room(), 16 - expected.size());
  }
  buffer.consume(buffer.size());
  EXPECT_TRUE(buffer.empty());
}

}  // namespace sluice::smtp
