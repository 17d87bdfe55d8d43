#include "engine/policy/mail_date.h"

#include <ctime>

namespace sluice::policy {
namespace {

std::string date(std::int64_t unix_seconds) {
  char text[kMailDateBytes];
  write_mail_date({unix_seconds * 1'000'000'000}, text);
  return {text, sizeof text};
}

TEST(MailDate, KnownTimesReadAsInRfc5322) {
  EXPECT_EQ(date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(date(951'782'400), "Tue, 29 Feb 2000 00:00:00 +0000");
  EXPECT_EQ(date(1'795'310'011), "Sun, 22 Nov 2026 01:13:31 +0000");
  EXPECT_EQ(date(4'107'542'399), "Sun, 28 Feb 2100 23:59:59 +0000");
  EXPECT_EQ(date(4'107'542'400), "Mon, 01 Mar 2100 00:00:00 +0000");
  EXPECT_EQ(date(-1), "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST(MailDate, AgreesWithTheCLibraryOverThreeCenturies) {
  for (std::int64_t time = -2'208'988'800; time < 9'200'000'000; time += 86'400 * 5 + 3'661) {
    const std::time_t seconds = time;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    ASSERT_EQ(date(time), expected) << time;
  }
}

}  // namespace
}  // namespace sluice::policy
