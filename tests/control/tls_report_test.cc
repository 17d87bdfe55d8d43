#include "engine/control/tls_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "engine/control/tls_report_json.h"

namespace sluice::control {
namespace {

using delivery::TlsFailure;
using delivery::TlsPolicy;
using delivery::TlsResult;
using delivery::TlsTally;
using nlohmann::json;
using testing::HasSubstr;

const std::vector<std::string> kUris = {"mailto:r@example.com"};
const TlsPolicy kSts{
    TlsPolicy::Type::sts, {"version: STSv1", "mode: testing"}, {"*.mail.example.com"}};
const ReportFrame kFrame{"Example Inc.",
                         "tls@example.net",
                         "mx.example.net",
                         {1'459'468'800'000'000'000},
                         {1'459'555'200'000'000'000}};

TlsTally tally() {
  TlsTally counts;
  counts.add_success("example.com", kUris, kSts, 5326);
  const TlsFailure expired{TlsResult::certificate_expired, "mx1.mail.example.com",
                           *IpAddress::parse("2001:db8:abcd:12::1"), *IpAddress::parse("192.0.2.2"),
                           "certificate has expired"};
  counts.add_failure("example.com", kUris, kSts, expired, 100);
  counts.add_failure("example.com", kUris, kSts, {.result = TlsResult::sts_policy_fetch_error}, 3);
  return counts;
}

std::string gunzip(const std::string& compressed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(65'536, '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(TlsReport, HasTheFormOfTheRfc) {
  const TlsTally counts = tally();
  const json report =
      json::parse(tls_report_text(kFrame, "example.com", counts.domains().at("example.com")));
  EXPECT_EQ(report["organization-name"], "Example Inc.");
  EXPECT_EQ(report["date-range"]["start-datetime"], "2016-04-01T00:00:00Z");  // RFC 8460 app. B
  EXPECT_EQ(report["date-range"]["end-datetime"], "2016-04-02T00:00:00Z");
  EXPECT_EQ(report["contact-info"], "tls@example.net");
  EXPECT_EQ(report["report-id"], "1459468800-1459555200.example.com@mx.example.net");
  const json& one = report["policies"][0];
  EXPECT_EQ(one["policy"]["policy-type"], "sts");
  EXPECT_EQ(one["policy"]["policy-string"], json({"version: STSv1", "mode: testing"}));
  EXPECT_EQ(one["policy"]["policy-domain"], "example.com");
  EXPECT_EQ(one["policy"]["mx-host"], json({"*.mail.example.com"}));
  EXPECT_EQ(one["summary"]["total-successful-session-count"], 5326);
  EXPECT_EQ(one["summary"]["total-failure-session-count"], 103);
  const json expired = {
      {"result-type", "certificate-expired"}, {"sending-mta-ip", "2001:db8:abcd:12::1"},
      {"receiving-ip", "192.0.2.2"},          {"receiving-mx-hostname", "mx1.mail.example.com"},
      {"failed-session-count", 100},          {"failure-reason-code", "certificate has expired"}};
  EXPECT_EQ(one["failure-details"][0], expired);
  EXPECT_EQ(one["failure-details"][1],
            json({{"result-type", "sts-policy-fetch-error"}, {"failed-session-count", 3}}));
}

TEST(TlsReport, IsReadBackAsItWas) {
  TlsTally again;
  add_tally(tally_json(tally()), again);
  EXPECT_EQ(tally_json(again), tally_json(tally()));
}

TEST(TlsReport, TextOfPeersThatIsNoUtf8DoesNoHarm) {
  TlsTally counts;
  counts.add_failure("a.test", kUris, {}, {.host = "x\xff", .reason = "\xe2\x82"});
  const std::string text = tls_report_text(kFrame, "a.test", counts.domains().at("a.test"));
  EXPECT_TRUE(json::accept(text)) << text;
}

TEST(TlsReport, IsMailedAsACompressedAttachment) {
  const std::string text(1'000, 'x');
  for (const std::size_t size : {1UL, 2UL, 3UL, 56UL, 57UL, 58UL, 1'000UL}) {
    const std::string octets = text.substr(0, size);
    EXPECT_EQ(gunzip(gzip(octets)), octets);
  }
  const delivery::GeneratedMail mail = tls_report_mail(kFrame, "example.com",
                                                       "\x1f\x8b"
                                                       "abcd");
  EXPECT_EQ(mail.from, "tls@example.net");
  EXPECT_EQ(mail.subject,
            "Report Domain: example.com Submitter: example.net Report-ID: "
            "<1459468800-1459555200.example.com@mx.example.net>");
  EXPECT_THAT(mail.header, HasSubstr("TLS-Report-Domain: example.com\r\n"));
  EXPECT_THAT(mail.header, HasSubstr("TLS-Report-Submitter: example.net\r\n"));
  EXPECT_THAT(mail.content_type, HasSubstr("multipart/report; report-type=\"tlsrpt\""));
  EXPECT_THAT(mail.text, HasSubstr("Content-Type: application/tlsrpt+gzip\r\n"));
  EXPECT_THAT(mail.text,
              HasSubstr("filename=\"example.net!example.com!1459468800!1459555200.json.gz\""));
  EXPECT_THAT(mail.text, HasSubstr("\r\n\r\nH4thYmNk\r\n--"));
  EXPECT_TRUE(mail.tls_optional);
}

TEST(TlsTally, IsBounded) {
  TlsTally counts;
  counts.limit(2);
  for (const char* domain : {"a.test", "b.test", "c.test", "c.test"})
    counts.add_success(domain, kUris, {});
  EXPECT_EQ(counts.domains().size(), 2U);
  EXPECT_EQ(counts.beyond(), 2U);
  for (std::size_t i = 0; i < 2 * TlsTally::kDetailsMax; ++i)
    counts.add_failure("a.test", kUris, kSts, {.host = std::to_string(i)});
  const auto& failed = counts.domains().at("a.test").policies.at(kSts);
  EXPECT_EQ(failed.details.size(), TlsTally::kDetailsMax + 1);
  EXPECT_EQ(failed.failures, 2 * TlsTally::kDetailsMax);
  std::uint64_t sum = 0;
  for (const auto& [failure, count] : failed.details) sum += count;
  EXPECT_EQ(sum, failed.failures);
  for (std::size_t i = 0; i < 2 * TlsTally::kPoliciesMax; ++i)
    counts.add_success("b.test", kUris, {TlsPolicy::Type::sts, {std::to_string(i)}, {}});
  EXPECT_LE(counts.domains().at("b.test").policies.size(), TlsTally::kPoliciesMax + 1);
}

}  // namespace
}  // namespace sluice::control
