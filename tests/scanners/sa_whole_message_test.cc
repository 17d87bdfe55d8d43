// Rules over messages as they are on the wire: structure, encodings and HTML are undone on the way.
#include <gtest/gtest.h>

#include "scanners/spamassassin/whole_message.h"

namespace sluice::scan::sa {
namespace {

constexpr std::string_view kRules = R"(header SUBJECT Subject =~ /^Grüße$/
header ADDRESS From:addr =~ /^joe@example\.com$/
body WORDS /\bfree money now\b/
body SUBJECT_LINE /^Gr/
rawbody TAG /<b>money/
uri LINK m{^https?://evil\.example/}
mimeheader PART Content-Type =~ /html/
header RELAY X-Spam-Relays-External =~ /^\[ ip=8\.8\.8\.8 rdns=dns\.example /
meta ALL_OF_IT SUBJECT && ADDRESS && WORDS && TAG && LINK && PART && RELAY
score ALL_OF_IT 5
)";

// base64 of "<html><body>free <b>money</b>\n now <a
// href=\"http://evil.example/x\">here</a></body></html>"
constexpr std::string_view kMessage =
    "Received: from a (dns.example [8.8.8.8]) by mx.example.com (Postfix) with ESMTP id 12345; "
    "x\r\n"
    "From: \"Joe\" <joe@example.com>\r\n"
    "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n"
    "\r\n"
    "--b\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "PGh0bWw+PGJvZHk+ZnJlZSA8Yj5tb25leTwvYj4KIG5vdyA8YSBocmVmPSJodHRwOi8vZXZpbC5leGFt\r\n"
    "cGxlL3giPmhlcmU8L2E+PC9ib2R5PjwvaHRtbD4=\r\n"
    "--b--\r\n";

TEST(SaWholeMessage, EveryKindOfRuleFindsItsText) {
  config::Problems problems;
  auto program = Program::compile(parse_rule_book(kRules, "t.cf", problems), {}, problems);
  EXPECT_EQ(config::text_of(problems), "");
  WholeMessageScanner scanner(program, {});
  for (int round = 0; round < 2; ++round) {
    const auto report = scanner.scan(as_bytes(kMessage));
    std::string names;
    for (const auto& hit : report.hits) names += program->rule(hit.rule).name + " ";
    EXPECT_EQ(names, "SUBJECT ADDRESS WORDS SUBJECT_LINE TAG LINK PART RELAY ALL_OF_IT ");
    EXPECT_DOUBLE_EQ(report.score, 13);
  }
  EXPECT_TRUE(scanner.scan({}).hits.empty());
}

}  // namespace
}  // namespace sluice::scan::sa
