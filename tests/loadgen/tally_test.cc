#include "tools/loadgen/tally.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

namespace sluice::load {
namespace {

TEST(Tally, FindsTheMessageIdInAReply) {
  EXPECT_EQ(mid_of("250 2.0.0 Ok: queued as MID 4711"), "4711");
  EXPECT_EQ(mid_of("250 ok: MID 12, thanks"), "12");
  EXPECT_EQ(mid_of("250 2.0.0 Ok"), "");
  EXPECT_EQ(mid_of(""), "");
}

TEST(Tally, CountsRepliesByCodeAndLostMessagesApart) {
  Tally tally;
  tally.message_done("a", 100, 250, "250 ok");
  tally.message_done("b", 100, 550, "550 no");
  tally.message_done("c", 100, 0, "connection reset");
  EXPECT_EQ(tally.messages, 2U);
  EXPECT_EQ(tally.accepted(), 1U);
  EXPECT_EQ(tally.codes[550], 1U);
  EXPECT_EQ(tally.octets, 200U);
  EXPECT_EQ(tally.protocol_failures(), 1U);
}

TEST(Tally, WritesOneLineOfJsonPerMessage) {
  const std::string path = testing::TempDir() + "loadgen_results.jsonl";
  {
    Tally tally;
    ASSERT_TRUE(tally.open_results(path).has_value());
    tally.message_done("dir/caf\xe9.eml", 10, 250, "250 2.0.0 queued as MID 7");
    tally.message_done("b\"quoted\".eml", 10, 0, "");
  }
  std::ifstream file(path);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  const auto first = nlohmann::json::parse(line);
  EXPECT_EQ(first["code"], 250);
  EXPECT_EQ(first["mid"], "7");
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(nlohmann::json::parse(line)["file"], "b\"quoted\".eml");
  std::remove(path.c_str());
}

TEST(Tally, RemembersTheFirstReasonOfAFailedConnection) {
  Tally tally;
  tally.connection_failed("refused");
  tally.connection_failed("reset");
  EXPECT_EQ(tally.connections_failed, 2U);
  EXPECT_EQ(tally.first_failure, "refused");
}

}  // namespace
}  // namespace sluice::load
