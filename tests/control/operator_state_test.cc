#include "engine/control/operator_state.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

class OperatorStateTest : public testing::Test {
 protected:
  OperatorStateTest() {
    directory = testing::TempDir() + "operator_state_" +
                testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
  }
  ~OperatorStateTest() override { std::filesystem::remove_all(directory); }

  OperatorState load() {
    auto state = OperatorState::load(directory);
    EXPECT_TRUE(state) << state.error();
    return std::move(*state);
  }

  std::string directory;
  const Decision decision{{1'700'000'000'000'000'000}, "alice"};
};

TEST_F(OperatorStateTest, NothingIsPausedAtFirst) {
  const auto directives = load().directives();
  EXPECT_FALSE(directives.accept_paused || directives.scan_paused || directives.delivery_paused);
  EXPECT_TRUE(directives.held_hosts.empty());
}

TEST_F(OperatorStateTest, AllEightCombinationsOfPausesComeBack) {
  for (unsigned bits = 0; bits < 8; ++bits) {
    OperatorState state = load();
    for (unsigned i = 0; i < kPauses; ++i)
      ASSERT_TRUE(state.set_pause(static_cast<Pause>(i), (bits >> i & 1) != 0, decision));
    const OperatorState again = load();
    EXPECT_EQ(again.directives().accept_paused, (bits & 1) != 0);
    EXPECT_EQ(again.directives().scan_paused, (bits & 2) != 0);
    EXPECT_EQ(again.directives().delivery_paused, (bits & 4) != 0);
  }
}

TEST_F(OperatorStateTest, SinceWhenAndByWhomIsOfTheChangeAndNotOfItsRepetition) {
  OperatorState state = load();
  EXPECT_TRUE(*state.set_pause(Pause::scan, true, decision));
  EXPECT_FALSE(*state.set_pause(Pause::scan, true, {{decision.since.ns * 2}, "bob"}));
  const OperatorState again = load();
  EXPECT_EQ(again.pause(Pause::scan).by, "alice");
  EXPECT_EQ(again.pause(Pause::scan).since, decision.since);
}

TEST_F(OperatorStateTest, HoldsAndRedirectsComeBackAndEnd) {
  OperatorState state = load();
  EXPECT_TRUE(*state.hold("one.net", decision));
  EXPECT_FALSE(*state.hold("one.net", decision));
  EXPECT_TRUE(*state.redirect("one.net", "two.net", decision));
  EXPECT_TRUE(*state.redirect("one.net", "three.net", decision));
  state = load();
  EXPECT_EQ(state.directives().held_hosts, std::vector<std::string>{"one.net"});
  ASSERT_EQ(state.redirects().size(), 1u);
  EXPECT_EQ(state.redirects()[0].to, "three.net");
  EXPECT_TRUE(*state.release("one.net"));
  EXPECT_FALSE(*state.release("one.net"));
  EXPECT_TRUE(*state.redirect("one.net", "", decision));
  EXPECT_FALSE(*state.redirect("one.net", "", decision));
  state = load();
  EXPECT_TRUE(state.held().empty());
  EXPECT_TRUE(state.redirects().empty());
}

TEST_F(OperatorStateTest, AFileThatMakesNoSenseIsNamedAndNotOverwritten) {
  std::ofstream(directory + "/operator_state") << "{\"version\": 99}";
  const auto state = OperatorState::load(directory);
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find(directory + "/operator_state"), std::string::npos);
}

TEST_F(OperatorStateTest, AChangeThatCannotBeStoredIsNotMade) {
  OperatorState state = load();
  std::filesystem::remove_all(directory);
  EXPECT_FALSE(state.set_pause(Pause::accept, true, decision));
  EXPECT_FALSE(state.directives().accept_paused);
}

TEST_F(OperatorStateTest, HostsAreKeptInLowerCaseAndNonsenseIsNone) {
  EXPECT_EQ(canonical_host("Example.COM"), "example.com");
  for (const char* nonsense : {"", "a b", "a@b", "../x", "a\n"})
    EXPECT_EQ(canonical_host(nonsense), "") << nonsense;
}

}  // namespace
}  // namespace sluice::control
