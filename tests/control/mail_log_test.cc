#include "engine/control/mail_log.h"

namespace sluice::control {
namespace {

using mail::Event;
using mail::EventKind;

std::string lines(const Event& event) {
  std::string out;
  format_event(event, out);
  return out;
}

const Endpoint kLocal = *Endpoint::parse("192.168.1.1:25");
const Endpoint kRemote = *Endpoint::parse("10.0.0.1:31000");

}  // namespace

// The literals are those of AsyncOS mail_logs, which operators grep for.
TEST(MailLog, LinesOfAnInboundMessage) {
  EXPECT_EQ(lines({.kind = EventKind::link_open,
                   .icid = 590125205,
                   .local = kLocal,
                   .remote = kRemote,
                   .text = {"Data 1"}}),
            "New SMTP ICID 590125205 interface Data 1 (192.168.1.1) address 10.0.0.1 reverse dns "
            "host unknown verified no\n");
  EXPECT_EQ(lines({.kind = EventKind::link_open,
                   .icid = 590125205,
                   .local = kLocal,
                   .remote = kRemote,
                   .text = {"Data 1", "mail.example.com", "yes"}}),
            "New SMTP ICID 590125205 interface Data 1 (192.168.1.1) address 10.0.0.1 reverse dns "
            "host mail.example.com verified yes\n");
  EXPECT_EQ(lines({.kind = EventKind::tx_begin, .icid = 590125205, .mid = 179701980}),
            "Start MID 179701980 ICID 590125205\n");
  EXPECT_EQ(lines({.kind = EventKind::tx_from, .icid = 5, .mid = 6, .text = {"a@example.com"}}),
            "MID 6 ICID 5 From: <a@example.com>\n");
  EXPECT_EQ(lines({.kind = EventKind::tx_rcpt, .icid = 5, .mid = 6, .text = {"b@example.com"}}),
            "MID 6 ICID 5 RID 0 To: <b@example.com>\n");
  EXPECT_EQ(
      lines({.kind = EventKind::tx_ready, .mid = 6, .number = 24663, .text = {"a@example.com"}}),
      "MID 6 ready 24663 bytes from <a@example.com>\n");
  EXPECT_EQ(lines({.kind = EventKind::queue_committed, .mid = 6}), "MID 6 queued for delivery\n");
}

TEST(MailLog, LinesOfADelivery) {
  EXPECT_EQ(lines({.kind = EventKind::delivery_open,
                   .dcid = 41014367,
                   .local = kLocal,
                   .remote = *Endpoint::parse("10.0.0.1:25")}),
            "New SMTP DCID 41014367 interface 192.168.1.1 address 10.0.0.1 port 25\n");
  EXPECT_EQ(
      lines({.kind = EventKind::delivery_start, .mid = 179701982, .dcid = 41014367, .text = {"0"}}),
      "Delivery start DCID 41014367 MID 179701982 to RID [0]\n");
  EXPECT_EQ(
      lines(
          {.kind = EventKind::delivery_done, .mid = 4, .dcid = 3, .text = {"0 2", "250 2.0.0 ok"}}),
      "Message done DCID 3 MID 4 to RID [0, 2]\nMID 4 RID [0, 2] Response '250 2.0.0 ok'\n");
  EXPECT_EQ(
      lines({.kind = EventKind::delivery_bounced,
             .mid = 4,
             .dcid = 3,
             .text = {"5.1.0", "Unknown address error", "550 no such user"}}),
      "Bounced: DCID 3 MID 4 to RID 0 - 5.1.0 - Unknown address error ('550 no such user') []\n");
}

TEST(MailLog, LinesOfTlsOnTheWayOut) {
  EXPECT_EQ(lines({.kind = EventKind::delivery_tls_success,
                   .dcid = 41014367,
                   .text = {"TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384"}}),
            "DCID 41014367 TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384\n");
  EXPECT_EQ(lines({.kind = EventKind::delivery_failed,
                   .dcid = 40986669,
                   .local = *Endpoint::parse("192.168.1.1:40000"),
                   .remote = *Endpoint::parse("10.0.0.1:25"),
                   .text = {"domain", "454-'TLS not available due to temporary reason'",
                            "unexpected SMTP response"}}),
            "Connection Error: DCID 40986669 domain: domain IP:10.0.0.1 port: 25 details: 454-'TLS "
            "not available due to temporary reason' interface: 192.168.1.1 reason: unexpected SMTP "
            "response\n");
  EXPECT_EQ(lines({.kind = EventKind::delivery_tls_failed,
                   .dcid = 40986669,
                   .text = {"domain", "STARTTLS unexpected response", "STARTTLS refused"}}),
            "DCID 40986669 TLS failed: STARTTLS unexpected response\n");
  EXPECT_EQ(lines({.kind = EventKind::delivery_tls_failed,
                   .dcid = 5,
                   .number = 336109761,
                   .text = {"domain", "error:1408A0C1:SSL routines::no shared cipher", ""}}),
            "DCID 5 TLS failed: (336109761, 'error:1408A0C1:SSL routines::no shared cipher')\n");
}

TEST(MailLog, LostConnectionGivesReasonThenLost) {
  EXPECT_EQ(lines({.kind = EventKind::link_lost, .icid = 7, .text = {"connection reset"}}),
            "ICID 7 Receiving Failed: connection reset\nICID 7 lost\n");
}

TEST(MailLog, OutsideTextCannotMakeALineOfItsOwn) {
  EXPECT_EQ(lines({.kind = EventKind::tx_subject, .mid = 1, .text = {"x'\r\nMID 2 queued\x1b[2J"}}),
            "MID 1 Subject 'x'\\x0d\\x0aMID 2 queued\\x1b[2J'\n");
}

TEST(MailLog, DateIsThatOfTheGrammar) {
  EXPECT_EQ(log_date({1'524'012'473LL * 1'000'000'000}), "Wed Apr 18 00:47:53 2018");
}

}  // namespace sluice::control
