#include "engine/web/tlsrpt_record.h"

#include <gmock/gmock.h>

#include "tests/routing/answers.h"

namespace sluice::web {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TlsrptRecord, NamesWhoWantsReports) {
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1;rua=mailto:reports@example.com"}),  // RFC 8460 3.1
              ElementsAre("mailto:reports@example.com"));
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt"}),
              ElementsAre("https://reporting.example.com/v1/tlsrpt"));
  EXPECT_THAT(tlsrpt_uris({"other", "v=TLSRPTv1 ; x=1; rua=mailto:a@b.test , https://c.test/ ;"}),
              ElementsAre("mailto:a@b.test", "https://c.test/"));
}

TEST(TlsrptRecord, WhatCannotBeServedIsLeftOut) {
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1; rua=http://a.test/,ftp://b.test/,mailto:,https://"}),
              IsEmpty());
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1; rua=https://a.test/\"x"}), IsEmpty());
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1; rua=https://a.test/" + std::string(600, 'x')}), IsEmpty());
  EXPECT_EQ(tlsrpt_uris({"v=TLSRPTv1; rua=mailto:a@b.c,mailto:a@b.c,mailto:a@b.c,mailto:a@b.c,"
                         "mailto:a@b.c"})
                .size(),
            kReportUrisMax);
}

TEST(TlsrptRecord, OtherVersionsAndSeveralRecordsAreNone) {
  for (const char* text :
       {"", "v=TLSRPTv1", "v=TLSRPTv2; rua=mailto:a@b.test", "v=tlsrptv1; rua=mailto:a@b.test",
        " v=TLSRPTv1; rua=mailto:a@b.test", "v=TLSRPTv1; rua=mailto:a@b.test; rua=mailto:c@d.test"})
    EXPECT_THAT(tlsrpt_uris({text}), IsEmpty()) << text;
  EXPECT_THAT(tlsrpt_uris({"v=TLSRPTv1; rua=mailto:a@b.test", "v=TLSRPTv1; rua=mailto:a@b.test"}),
              IsEmpty());
}

TEST(TlsrptRecord, AMailtoUriHasOnePlainMailbox) {
  EXPECT_EQ(mailto_address("mailto:a.b+c@Example.COM"), "a.b+c@example.com");
  EXPECT_EQ(mailto_address("MAILTO:a%2Fb@b.test?subject=x"), "a/b@b.test");
  EXPECT_EQ(mailto_address("mailto:a@b\xc3\xbc"
                           "cher.test"),
            "a@xn--bcher-kva.test");
  for (const char* uri : {"https://a.test/", "mailto:", "mailto:a", "mailto:@b.test", "mailto:a@",
                          "mailto:a@b.test,c@d.test", "mailto:a%0D%0Ab@c.test", "mailto:a%4",
                          "mailto:a%zz@b.test", "mailto:%22a%22@b.test", "mailto:a%3E@b.test",
                          "mailto:a@b.test%0D%0AX:y", "mailto:a@[192.0.2.1]", "mailto:a@b/c.test"})
    EXPECT_EQ(mailto_address(uri), std::nullopt) << uri;
}

TEST(TlsrptRecord, IsLookedUpBelowTheDomain) {
  dns::Zone zone;
  const auto find = [&] {
    return zone.run([](dns::AnswerTable& answers) { return find_report_uris("a.test", answers); });
  };
  EXPECT_THAT(find(), IsEmpty());
  zone.txt("_smtp._tls.a.test", {"v=TLSRPTv1; rua=mailto:a@b.test"});
  EXPECT_THAT(find(), ElementsAre("mailto:a@b.test"));
}

}  // namespace
}  // namespace sluice::web
