#include "engine/control/tls_alerts.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

constexpr WallTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

mail::Event failure(std::string_view domain, std::string_view kind, std::int64_t code = 0) {
  return {.kind = mail::EventKind::delivery_tls_failed,
          .dcid = 7,
          .number = code,
          .remote = *Endpoint::parse("192.0.2.1:25"),
          .text = {domain, "STARTTLS unexpected response", kind}};
}

TEST(TlsAlerts, OneAlertForAWindowHoldsCountLastErrorHostAndATableThatSumsUp) {
  TlsAlerts alerts;
  alerts.configure({});
  for (int i = 0; i < 122; ++i)
    alerts.note(failure("example.com", i % 3 == 0 ? "handshake" : "no STARTTLS"), at(i));
  EXPECT_FALSE(alerts.next(at(899)));
  const auto alert = alerts.next(at(900));
  ASSERT_TRUE(alert);
  EXPECT_EQ(alert->subject, "Warning <System>: TLS required for example.com but not possible");
  EXPECT_EQ(alert->text,
            "Over the past 15 minutes TLS connections to example.com failed 122 times.\r\n"
            "The last error was STARTTLS unexpected response\r\n"
            "on host 192.0.2.1 port 25.\r\n\r\n"
            "     count  type of failure\r\n"
            "        41  handshake\r\n"
            "        81  no STARTTLS\r\n"
            "       122  in all\r\n");
  EXPECT_FALSE(alerts.next(at(1'000'000))) << "nothing after an empty window";
}

TEST(TlsAlerts, EachDestinationHasItsOwnWindow) {
  TlsAlerts alerts;
  alerts.configure({});
  alerts.note(failure("a.example", "handshake", 42), at(0));
  alerts.note(failure("b.example", "handshake"), at(100));
  const auto first = alerts.next(at(900));
  ASSERT_TRUE(first);
  EXPECT_NE(first->summary.find("to a.example failed 1 time; the last error was (42, 'STARTTLS"),
            std::string::npos);
  EXPECT_FALSE(alerts.next(at(900)));
  EXPECT_TRUE(alerts.next(at(1000)));
}

TEST(TlsAlerts, BeyondTheLimitDestinationsAreCountedTogether) {
  TlsAlerts alerts;
  alerts.configure({.destinations_max = 2});
  for (int i = 0; i < 50; ++i) alerts.note(failure(std::to_string(i) + ".example", "x"), at(0));
  int count = 0;
  std::string first_subject;
  for (auto alert = alerts.next(at(900)); alert; alert = alerts.next(at(900)))
    if (count++ == 0) first_subject = alert->text;
  EXPECT_EQ(count, 3);
  EXPECT_NE(first_subject.find("to further destinations failed 48 times"), std::string::npos);
}

TEST(TlsAlerts, TheSwitchAndOtherEventsCountNothing) {
  TlsAlerts alerts;
  alerts.configure({.tls_failures = false});
  alerts.note(failure("a.example", "handshake"), at(0));
  alerts.configure({});
  alerts.note({.kind = mail::EventKind::delivery_tls_missing}, at(0));
  EXPECT_FALSE(alerts.next(at(10'000)));
}

}  // namespace
}  // namespace sluice::control
