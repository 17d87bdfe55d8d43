#include "tools/loadgen/message_set.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice::load {
namespace {

namespace fs = std::filesystem;

TEST(LoadMessage, EndsEveryLineInCrlfWhateverTheFileHas) {
  EXPECT_EQ(make_message("a", "one\ntwo\r\nthree\rfour").octets, "one\r\ntwo\r\nthree\r\nfour\r\n");
  EXPECT_EQ(make_message("a", "one\n\n").octets, "one\r\n\r\n");
  EXPECT_EQ(make_message("a", "").octets, "\r\n");
}

TEST(LoadMessage, DropsTheMboxLineAtTheStartOnly) {
  EXPECT_EQ(make_message("a", "From x@y Sat Nov 7\nSubject: s\n\nFrom here\n").octets,
            "Subject: s\r\n\r\nFrom here\r\n");
  EXPECT_EQ(make_message("a", "From: x@y\n").octets, "From: x@y\r\n");
}

TEST(LoadMessage, LeavesDotsToTheSmtpClient) {
  EXPECT_EQ(make_message("a", ".\n..\n").octets, ".\r\n..\r\n");
}

TEST(LoadMessage, SeesEightBitOctets) {
  EXPECT_FALSE(make_message("a", "plain\n").eight_bit);
  EXPECT_TRUE(make_message("a", "caf\xe9\n").eight_bit);
}

TEST(LoadMessage, SendsARawFileAsItIsOnceRevealed) {
  const std::string_view file = "a\nb\n.\r\nc\r.\rd\r\n.\n\r\r\n";
  const Message message = make_message("attack.raw", file);
  ASSERT_TRUE(message.verbatim);
  for (std::size_t i = 0; i < message.octets.size(); ++i) {  // what the SMTP client sees
    if (message.octets[i] == '\n') {
      EXPECT_EQ(message.octets.at(i - 1), '\r') << i;
    }
    if (message.octets[i] == '\r') {
      EXPECT_EQ(message.octets.at(i + 1), '\n') << i;
    }
  }
  std::string octets = message.octets;
  reveal(octets);
  EXPECT_EQ(octets, file);
}

TEST(LoadMessage, ReadsAFolderInNameOrderWithNamesBelowIt) {
  const fs::path root = fs::path(testing::TempDir()) / "loadgen_corpus";
  fs::remove_all(root);
  fs::create_directories(root / "sub");
  std::ofstream(root / "b.eml") << "B\n";
  std::ofstream(root / "sub" / "a.eml") << "A\n";
  std::ofstream(root / "expected.json") << "[]";
  const auto messages = load_corpus(std::vector{root.string()});
  ASSERT_TRUE(messages.has_value());
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ((*messages)[0].name, "b.eml");
  EXPECT_EQ((*messages)[1].name, "sub/a.eml");
  const auto single = load_corpus(std::vector{(root / "b.eml").string()});
  ASSERT_TRUE(single.has_value());
  EXPECT_EQ(single->front().name, "b.eml");
  fs::remove_all(root);
}

TEST(LoadMessage, SaysWhenThereIsNothingToSend) {
  const auto messages = load_corpus(std::vector<std::string>{"/nonexistent-folder"});
  ASSERT_FALSE(messages.has_value());
  EXPECT_NE(messages.error().find("/nonexistent-folder"), std::string::npos);
}

}  // namespace
}  // namespace sluice::load
