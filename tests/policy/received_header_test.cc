#include "engine/policy/received_header.h"

namespace sluice::policy {
namespace {

class ReceivedHeader : public testing::Test {
 protected:
  ReceivedHeader() {
    envelope.set_sender("from@example.org", {});
    fields = {.helo = "mail.example.org",
              .peer = *IpAddress::parse("192.0.2.1"),
              .hostname = "mx.example.com",
              .extended = true,
              .icid = 12,
              .mid = 345,
              .envelope = &envelope,
              .when = {1'795'310'011LL * 1'000'000'000}};
  }
  void add(std::string_view address) { envelope.add_recipient({.address = address}); }
  std::string written() {
    char out[kReceivedMax];
    return {out, write_received_header(fields, out)};
  }

  mail::Envelope envelope;
  ReceivedFields fields;
};

TEST_F(ReceivedHeader, NamesPeerIdsAndTheSingleRecipient) {
  add("user@example.com");
  EXPECT_EQ(written(),
            "Received: from mail.example.org ([192.0.2.1])\r\n"
            "\tby mx.example.com with ESMTP id 12/345\r\n"
            "\tfor <user@example.com>;\r\n"
            "\tSun, 22 Nov 2026 01:13:31 +0000\r\n");
}

TEST_F(ReceivedHeader, DoesNotTellOneRecipientOfTheOthers) {
  add("one@example.com");
  add("two@example.com");
  EXPECT_EQ(written().find("for"), std::string::npos);
}

TEST_F(ReceivedHeader, WritesIpv6AddressesAsLiteralsAndPlainSmtpForHelo) {
  fields.peer = *IpAddress::parse("2001:db8::1");
  fields.extended = false;
  EXPECT_NE(written().find("([IPv6:2001:db8::1])"), std::string::npos);
  EXPECT_NE(written().find(" with SMTP id "), std::string::npos);
}

TEST_F(ReceivedHeader, SaysUtf8SmtpForAnInternationalMessage) {
  envelope.set_sender("from@example.org", {.smtputf8 = true});
  EXPECT_NE(written().find(" with UTF8SMTP id "), std::string::npos);
}

TEST_F(ReceivedHeader, SaysHowTheMessageWasProtected) {
  fields.tls_protocol = "TLSv1.3";
  fields.tls_cipher = "TLS_AES_256_GCM_SHA384";
  EXPECT_NE(written().find(" with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id 12/345"),
            std::string::npos);
  envelope.set_sender("from@example.org", {.smtputf8 = true});
  EXPECT_NE(written().find(" with UTF8SMTPS "), std::string::npos);
}

TEST_F(ReceivedHeader, SaysWhatCertificateTheClientShowed) {
  fields.client = {.asked = true};
  EXPECT_NE(written().find("\r\n\t(Client did not present a certificate)\r\n\tby "),
            std::string::npos);
  fields.client = {
      .asked = true, .shown = true, .verified = true, .subject = "a.example", .issuer = "Root"};
  EXPECT_NE(written().find("(Client CN \"a.example\", Issuer \"Root\" (verified OK))"),
            std::string::npos);
  fields.client.verified = false;
  fields.client.subject = "x\")\r\nSubject: (\\\xff";
  EXPECT_NE(written().find("(Client CN \"x????Subject: ???\", Issuer \"Root\" (not verified))"),
            std::string::npos);
}

TEST_F(ReceivedHeader, AHostileHeloCannotAddLinesOrComments) {
  fields.helo = std::string_view("a\r\nX-Evil: 1\r\n\r\n(\0\x80);", 22);
  const std::string line = written();
  EXPECT_TRUE(line.starts_with("Received: from a??X-Evil:?1????"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 3);
  EXPECT_EQ(std::count(line.begin(), line.end(), '('), 1);
}

TEST_F(ReceivedHeader, AHostileRecipientIsNotRepeated) {
  for (const char* address :
       {"a\r\nX-Evil: 1@example.com", "a>b@example.com", "\"a b\"@example.com"}) {
    envelope.set_sender("from@example.org", {});
    add(address);
    EXPECT_EQ(written().find("for"), std::string::npos);
  }
}

TEST_F(ReceivedHeader, EveryPossibleFieldFitsAndATooSmallBufferGetsNothing) {
  const std::string long_name(5'000, 'x');
  fields.helo = long_name;
  fields.hostname = long_name;
  fields.client = {.asked = true, .shown = true, .subject = long_name, .issuer = long_name};
  fields.icid = fields.mid = UINT64_MAX;
  fields.peer = *IpAddress::parse("2001:db8:1111:2222:3333:4444:5555:6666");
  add(std::string(308, 'u') + "@example.com");
  EXPECT_GT(written().size(), 255u + 255 + 320 + 128 + 128);
  char out[100];
  EXPECT_EQ(write_received_header(fields, out), 0u);
}

}  // namespace
}  // namespace sluice::policy
