#include "engine/control/tls_reports.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

class TlsReportsTest : public testing::Test {
 protected:
  TlsReportsTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-rpt-XXXXXX").string();
    folder = mkdtemp(name.data());
    EXPECT_EQ(restart(), "");
  }
  ~TlsReportsTest() override { std::filesystem::remove_all(folder); }

  std::string restart() {
    reports = {};
    reports.configure(100, hours(4));
    return reports.open((folder / "tls_reports").string(), now);
  }
  void count(const std::string& domain, std::uint64_t sessions = 1) {
    delivery::TlsTally tally;
    tally.add_success(domain, {"mailto:r@x.test"}, {}, sessions);
    reports.merge(tally);
  }
  // "a.test 2 begins..ends" in hours since the epoch, of the next report.
  std::string due() {
    const auto next = reports.next_due(now);
    if (!next) return "none";
    return next->domain + " " + std::to_string(next->tally.policies.begin()->second.successes) +
           " " + std::to_string(next->begins.unix_seconds() / 3600) + ".." +
           std::to_string(next->ends.unix_seconds() / 3600);
  }

  std::filesystem::path folder;
  Random random{1};
  WallTime now{WallTime{} + hours(1000 * 24 + 10)};
  TlsReports reports;
};

TEST_F(TlsReportsTest, ADayIsReportedAfterItsEndDomainByDomain) {
  count("a.test");
  count("b.test", 2);
  count("a.test");
  reports.roll(now, random);
  EXPECT_EQ(due(), "none");
  now = now + hours(14);
  reports.roll(now, random);
  count("a.test");  // of the next day
  now = now + hours(4);
  EXPECT_EQ(due(), "a.test 2 24000..24024");
  EXPECT_EQ(due(), "b.test 2 24000..24024");
  EXPECT_EQ(due(), "none");
}

TEST_F(TlsReportsTest, TheTimeOfTheReportIsSpread) {
  std::size_t late = 0;
  for (int day = 0; day < 20; ++day) {
    count("a.test");
    now = now + hours(24);
    reports.roll(now, random);
    late += due() == "none" ? 1U : 0U;
    now = now + hours(4);
    while (due() != "none") continue;
    now = now - hours(4);
  }
  EXPECT_GE(late, 18U);
}

TEST_F(TlsReportsTest, ARestartGoesOnWithBothDays) {
  count("a.test");
  now = now + hours(14);
  reports.roll(now, random);
  count("b.test", 3);
  EXPECT_EQ(reports.store(), "");
  EXPECT_EQ(restart(), "");
  EXPECT_EQ(reports.today().tally.domains().at("b.test").policies.begin()->second.successes, 3U);
  now = now + hours(4);
  EXPECT_EQ(due(), "a.test 1 24000..24024");
  EXPECT_EQ(due(), "none");
  EXPECT_EQ(reports.store(), "");
  EXPECT_EQ(restart(), "");
  EXPECT_EQ(due(), "none");  // a report is sent once
}

TEST_F(TlsReportsTest, AnEngineThatWasOffOverMidnightReportsTheDayItKnows) {
  count("a.test");
  reports.store();
  now = now + hours(48);
  restart();
  reports.roll(now, random);
  now = now + hours(4);
  EXPECT_EQ(due(), "a.test 1 24000..24024");
}

TEST_F(TlsReportsTest, AnEarlyReportEndsNowAndTheNextBeginsThere) {
  count("a.test");
  reports.roll(now, random, true);
  EXPECT_EQ(due(), "a.test 1 24000..24010");
  count("a.test", 5);
  now = now + hours(24);
  reports.roll(now, random);
  now = now + hours(4);
  EXPECT_EQ(due(), "a.test 5 24010..24024");
}

TEST_F(TlsReportsTest, OfDaysThatCannotBeReportedTheOldestIsGivenUp) {
  for (std::size_t day = 0; day < TlsReports::kDaysMax + 3; ++day) {
    count("a.test");
    now = now + hours(24);
    reports.roll(now, random);
  }
  EXPECT_EQ(reports.waiting(), TlsReports::kDaysMax);
}

TEST_F(TlsReportsTest, AFileThatIsDamagedIsSaidAndCountingGoesOn) {
  std::ofstream(folder / "tls_reports") << "{\"version\": 1, \"today\": 5}";
  EXPECT_NE(restart(), "");
  count("a.test");
  EXPECT_EQ(reports.store(), "");
  EXPECT_EQ(restart(), "");
}

}  // namespace
}  // namespace sluice::control
