#include "engine/web/sts_keeper.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::web {
namespace {

constexpr const char* kPolicy = "version: STSv1\nmode: enforce\nmx: mx.test\nmax_age: 86400\n";

class StsKeeperTest : public testing::Test {
 protected:
  StsKeeperTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-sts-XXXXXX").string();
    folder = mkdtemp(name.data());
    begin();
  }
  ~StsKeeperTest() override { std::filesystem::remove_all(folder); }

  void begin() {
    keeper = std::make_unique<StsKeeper>(StsKeeper::Settings{
        .directory = (folder / "mta_sts").string(), .rules = {}, .fetch = {.port = 8443}});
    EXPECT_EQ(keeper->load(now), "");
  }
  void ask(std::uint64_t token, std::string id = "1", std::string domain = "d.test") {
    ASSERT_TRUE(desk.ask({token, {domain, std::move(id), {*IpAddress::parse("192.0.2.1")}}}));
    StsRequest request;
    while (desk.take(request)) keeper->ask(desk, std::move(request), now);
  }
  void done(HttpsResult result) { keeper->fetched("d.test", std::move(result), now); }
  static HttpsResult page(std::string body, long status = 200,
                          std::string type = "text/plain; charset=utf-8") {
    return {HttpsResult::Kind::answered, status, std::move(type), std::move(body), ""};
  }
  // "token mode fault trouble" of the next answer.
  std::string answer() {
    StsAnswer next;
    if (!desk.next(next)) return "none";
    const StsState& state = next.state;
    return std::to_string(next.token) + " " +
           (state.policy ? std::string(name_of(state.policy->mode)) : "-") + " " +
           std::to_string(static_cast<int>(state.fault)) + " " + state.trouble;
  }

  std::filesystem::path folder;
  WallTime now{1'000'000'000'000'000'000};
  StsDesk desk{{}, {}};
  std::unique_ptr<StsKeeper> keeper;
};

TEST_F(StsKeeperTest, OneFetchAnswersAllWhoAsk) {
  ask(1);
  ask(2);
  const auto fetch = keeper->next_fetch();
  ASSERT_TRUE(fetch);
  EXPECT_EQ(fetch->request.url, "https://mta-sts.d.test:8443/.well-known/mta-sts.txt");
  EXPECT_EQ(fetch->request.addresses.size(), 1U);
  EXPECT_FALSE(keeper->next_fetch());
  EXPECT_EQ(answer(), "none");
  done(page(kPolicy));
  EXPECT_EQ(answer(), "1 enforce 0 ");
  EXPECT_EQ(answer(), "2 enforce 0 ");
  ask(3);
  EXPECT_EQ(answer(), "3 enforce 0 ");
}

TEST_F(StsKeeperTest, ARestartKnowsThePolicies) {
  ask(1);
  done(page(kPolicy));
  answer();
  now = now + hours(1);
  begin();
  ask(2, "");
  EXPECT_EQ(answer(), "2 enforce 0 ");
  ask(3, "1");
  EXPECT_EQ(answer(), "3 enforce 0 ");
  now = now + hours(24);
  begin();  // expired
  ask(4, "");
  EXPECT_EQ(answer(), "4 - 0 ");
  EXPECT_TRUE(std::filesystem::is_empty(folder / "mta_sts"));
}

TEST_F(StsKeeperTest, FilesThatAreDamagedAreRemoved) {
  ask(1);
  done(page(kPolicy));
  const auto file = folder / "mta_sts" / "d.test";
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 9);  // max_age is lost
  std::ofstream(folder / "mta_sts" / "other.test") << "id: 1\n";
  begin();
  EXPECT_TRUE(std::filesystem::is_empty(folder / "mta_sts"));
}

TEST_F(StsKeeperTest, EachWayToFailHasItsKindAndItsReason) {
  const std::pair<HttpsResult, std::string> ways[] = {
      {page(kPolicy, 404), "0 - 1 not fetched: HTTP status 404"},
      {page(kPolicy, 301), "1 - 1 not fetched: HTTP status 301"},
      {page(kPolicy, 200, "Text/HTML; x=1"),
       "2 - 1 not fetched: content type \"text/html\" instead of text/plain"},
      {page("mode: enforce\n"), "3 - 2 not valid: there is no version"},
      {{.kind = HttpsResult::Kind::certificate, .trouble = "expired"},
       "4 - 3 not fetched: expired"},
      {{.kind = HttpsResult::Kind::failed, .trouble = "timed out"}, "5 - 1 not fetched: timed out"},
  };
  std::uint64_t token = 0;
  for (const auto& [result, expected] : ways) {
    now = now + minutes(5);
    ask(token++);
    EXPECT_TRUE(keeper->next_fetch());
    done(result);
    EXPECT_EQ(answer(), expected);
  }
  ask(9);
  EXPECT_FALSE(keeper->next_fetch());  // so soon after a failure
  EXPECT_EQ(answer(), "9 - 1 not fetched: timed out");
}

TEST_F(StsKeeperTest, WhatCannotBeStoredIsSaid) {
  std::filesystem::remove_all(folder / "mta_sts");
  ask(1);
  done(page(kPolicy));
  EXPECT_EQ(answer(), "1 enforce 0 ");
  EXPECT_NE(keeper->take_trouble(), "");
  EXPECT_EQ(keeper->take_trouble(), "");
}

TEST(StsDesk, HasAPlaceForEveryQuestionAndTakesNoMore) {
  StsDesk desk({}, {});
  for (std::size_t i = 0; i < StsDesk::kPlaces; ++i) ASSERT_TRUE(desk.ask({i, {}}));
  EXPECT_FALSE(desk.ask({0, {}}));
  StsRequest request;
  while (desk.take(request)) desk.answer({request.token, {}});
  StsAnswer answer;
  ASSERT_TRUE(desk.next(answer));
  EXPECT_TRUE(desk.ask({0, {}}));
}

}  // namespace
}  // namespace sluice::web
