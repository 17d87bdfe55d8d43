// What header rules look at: addresses, names, and the hand-overs that Received fields tell of.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/random.h"
#include "scanners/spamassassin/header/address_list.h"
#include "scanners/spamassassin/header/received.h"
#include "scanners/spamassassin/header/relays.h"
#include "scanners/spamassassin/text_search.h"

namespace sluice::scan::sa {
namespace {

std::string list_of(std::string_view field) {
  std::string text;
  AddressReader reader(field);
  for (NamedAddress mailbox; reader.next(mailbox);) {
    if (!text.empty()) text += " | ";
    text.append(mailbox.name).append(" <").append(mailbox.address).append(">");
  }
  return text;
}

TEST(SaAddresses, AsMailProgramsReadThem) {
  EXPECT_EQ(list_of("a@example.com"), " <a@example.com>");
  EXPECT_EQ(list_of(" Jane Doe <jane@example.com>"), "Jane Doe <jane@example.com>");
  EXPECT_EQ(list_of("\"Doe, Jane\" <jane@example.com>, b@example.com (Bob)"),
            "Doe, Jane <jane@example.com> | Bob <b@example.com>");
  EXPECT_EQ(list_of("\"a \\\"b\\\" c\" <x@example.com>"), "a \"b\" c <x@example.com>");
  EXPECT_EQ(list_of("friends: a@example.com, b@example.com;"),
            " <a@example.com> |  <b@example.com>");
  EXPECT_EQ(list_of("<a@example.com>"), " <a@example.com>");
  EXPECT_EQ(list_of("<>"), " <>");
  EXPECT_EQ(list_of("Undisclosed recipients"), "Undisclosed recipients <>");
  EXPECT_EQ(list_of("\"jane@example.com\" <evil@example.net>"),
            "jane@example.com <evil@example.net>");
  EXPECT_EQ(list_of("\"jane@example.com\""), " <jane@example.com>");
  EXPECT_EQ(list_of("\"a\" (x) \"b\" <a@(x)example.com>, Bob (y) B <b@example.com>"),
            "a  b <a@example.com> | Bob  B <b@example.com>");
  EXPECT_EQ(list_of("a <a@example.com> b, <c@example.com> <"),
            "a <a@example.com> |  <c@example.com>");
  EXPECT_EQ(list_of("x (comment (nested)) <broken"), "");
  EXPECT_EQ(list_of(""), "");
}

std::size_t count_of(const std::string& field) {
  AddressReader reader(field);
  std::size_t count = 0;
  for (NamedAddress mailbox; reader.next(mailbox);) ++count;
  return count;
}

TEST(SaAddresses, HostileTextIsBounded) {
  for (const char octet : {'"', '(', '<'}) EXPECT_LE(count_of(std::string(100'000, octet)), 1U);
  std::string many;
  for (int i = 0; i < 5'000; ++i) many += "a@example.com,";
  EXPECT_EQ(count_of(many), kAddressesMax);
}

std::string relay_of(std::string_view field) {
  const Received received = read_received(field);
  if (received.kind == Received::Kind::skipped) return "skipped";
  if (received.kind == Received::Kind::unreadable) return "unreadable";
  return received.relay.ip + " rdns=" + received.relay.rdns + " helo=" + received.relay.helo +
         " by=" + received.relay.by + " ident=" + received.relay.ident +
         " id=" + received.relay.id + " auth=" + received.relay.auth;
}

// What SpamAssassin makes of them.
TEST(SaReceived, FormsThatMislead) {
  const std::vector<std::pair<std::string_view, std::string_view>> forms{
      {"from A.example.com (2001:db8::5) by B.example.com (2001:db8::6) with Microsoft SMTP Server "
       "(version=TLS1_2) id 15.1.1261.35; x",
       "2001:db8::5 rdns=A.example.com helo=A.example.com by=B.example.com ident= id=15.1.1261.35 "
       "auth="},
      {"from A.example.com (198.51.100.7) by B.example.com (198.51.100.8) with Microsoft SMTP "
       "Server (TLS) id 14.3.1.2; x",
       "198.51.100.7 rdns=A.example.com helo=A.example.com by=B.example.com ident= id=14.3.1.2 "
       "auth="},
      {"from A.example.com ([fe80::1]) by A.example.com ([fe80::1%6]) with mapi id 15.20.6178.016; "
       "x",
       "fe80::1 rdns= helo=A.example.com by=A.example.com ident= id= auth="},
      {"from host.example.net (HELO [10.0.0.5]) ([198.51.100.7]) by mx.example.com with ESMTP; x",
       "10.0.0.5 rdns=HELO helo=host.example.net by=mx.example.com ident= id= auth="},
      {"from [10.0.0.5] ([198.51.100.7]) by mx.example.com with ESMTPSA id abc; x",
       "198.51.100.7 rdns= helo=!10.0.0.5! by=mx.example.com ident= id=abc auth=ESMTPSA"},
      {"from 198.51.100.7 (HELO host.example.net) by mx.example.com with esmtp id abc; x",
       "198.51.100.7 rdns= helo=host.example.net by=mx.example.com ident= id=abc auth="},
      {"from host.example.net ([198.51.100.7]:34512 \"EHLO me.example\" rhost-flags-OK-OK-OK-OK) "
       "by mx.example.com with ESMTP id S1; x",
       "198.51.100.7 rdns= helo=me.example by=mx.example.com ident= id= auth="},
      {"from me.example (host.example.net [198.51.100.7] (may be forged)) by mx.example.com with "
       "ESMTP id abc; x",
       "198.51.100.7 rdns= helo=me.example by=mx.example.com ident= id=abc auth="},
      {"from me.example (host.example.net [198.51.100.7] (may be forged)) by mx.example.com "
       "(8.13.8/8.13.8) with ESMTP id abc; x",
       "198.51.100.7 rdns=host.example.net helo=me.example by=mx.example.com ident= id=abc auth="},
      {"from 198.51.100.7 (SquirrelMail authenticated user joe) by mx.example.com with HTTP; x",
       "198.51.100.7 rdns= helo= by=mx.example.com ident= id= auth=HTTP"},
      {"from 198.51.100.7 by mx.example.com; x", "skipped"},
      {"from 198.51.100.7 by mx.example.com pod-id NONE with HTTPS; x", "unreadable"},
      {"from MAILER-DAEMON id e076e by df.example.jp (DragonFly Mail Agent v0.13); x",
       "unreadable"},
  };
  for (const auto& [field, relay] : forms) EXPECT_EQ(relay_of(field), relay) << field;
}

TEST(SaReceived, ManyProgramsWriteIt) {
  // Postfix, sendmail
  EXPECT_EQ(relay_of("from mail.example.net (host.example.net [192.0.2.7]) by mx.example.com "
                     "(Postfix) with ESMTP id A96E18BD97 for <x@example.com>; Thu, 13 Mar 2003"),
            "192.0.2.7 rdns=host.example.net helo=mail.example.net by=mx.example.com ident= "
            "id=A96E18BD97 auth=");
  EXPECT_EQ(relay_of("from localhost (unknown [127.0.0.1]) by mx.example.com (Postfix) with SMTP "
                     "id 1234; x"),
            "127.0.0.1 rdns= helo=localhost by=mx.example.com ident= id=1234 auth=");
  EXPECT_EQ(relay_of("from one.example (IDENT:qmailr@host.example.net [192.0.2.7] (may be forged)) "
                     "by mx.example.com (8.11.6/8.11.6) with SMTP id h381Vvf19860; x"),
            "192.0.2.7 rdns=host.example.net helo=one.example by=mx.example.com ident=qmailr "
            "id=h381Vvf19860 auth=");
  // Exim
  EXPECT_EQ(
      relay_of("from [192.0.2.7] (helo=host ident=me) by mx.example.com with smtp (Exim 3.31) "
               "id 18t2z0; x"),
      "192.0.2.7 rdns= helo=host by=mx.example.com ident=me id=18t2z0 auth=");
  EXPECT_EQ(relay_of("from a.example.net ([192.0.2.7] helo=b.example.net) by mx.example.com with "
                     "esmtp (Exim 4.9) id 18t301; x"),
            "192.0.2.7 rdns=a.example.net helo=b.example.net by=mx.example.com ident= id=18t301 "
            "auth=");
  EXPECT_EQ(relay_of("from a.example.net ([192.0.2.7]) by mx.example.com with esmtps (Exim 4.9) id "
                     "18t301; x"),
            "192.0.2.7 rdns=a.example.net helo=a.example.net by=mx.example.com ident= id=18t301 "
            "auth=");
  // qmail
  EXPECT_EQ(
      relay_of("from unknown (HELO a.example) (joe@192.0.2.7) by mx.example.com with SMTP; x"),
      "192.0.2.7 rdns= helo=a.example by=mx.example.com ident=joe id= auth=");
  EXPECT_EQ(relay_of("from a.example.net (192.0.2.7) by mx.example.com with SMTP; x"),
            "192.0.2.7 rdns=a.example.net helo=a.example.net by=mx.example.com ident= id= auth=");
  // Exchange, Google, with IPv6
  EXPECT_EQ(
      relay_of("from A.example.com (2001:db8::5) by B.example.com (2001:db8::6) with Microsoft "
               "SMTP Server (version=TLS1_2) id 15.1.1261.35; x"),
      "2001:db8::5 rdns=A.example.com helo=A.example.com by=B.example.com ident= "
      "id=15.1.1261.35 auth=");
  EXPECT_EQ(
      relay_of("from mail-x.example.com (mail-x.example.com. [2001:db8::41]) by mx.example.org "
               "with ESMTPS id abc-20si for <x@example.org>; x"),
      "2001:db8::41 rdns=mail-x.example.com helo=mail-x.example.com by=mx.example.org ident= "
      "id=abc-20si auth=");
  EXPECT_EQ(relay_of("from me.example (dsl.example.net [IPv6:2001:db8::9]) (Authenticated sender: "
                     "joe) by mx.example.com (Postfix) with ESMTPSA id 12345; x"),
            "2001:db8::9 rdns=dsl.example.net helo=me.example by=mx.example.com ident= id=12345 "
            "auth=ESMTPSA");
  // An address alone
  EXPECT_EQ(relay_of("from [192.0.2.7] by mx.example.com (MessageWall 1.1.0) with SMTP; x"),
            "192.0.2.7 rdns= helo= by=mx.example.com ident= id= auth=");
}

TEST(SaReceived, LocalAndAddresslessHandOversAreSkipped) {
  EXPECT_EQ(relay_of("by oak.example.com (Postfix, from userid 1002) id DABBD1BED3; x"), "skipped");
  EXPECT_EQ(relay_of("(qmail 84907 invoked from network); 13 Feb 2003 20:59:28 -0000"), "skipped");
  EXPECT_EQ(relay_of("from joe by mx.example.com with local (Exim 4.12) id 18xeL6; x"), "skipped");
  EXPECT_EQ(relay_of("from a.example.com by b.example.com; Thu, 20 Feb 2003"), "skipped");
  EXPECT_EQ(relay_of("from nonsense"), "unreadable");
}

TEST(SaRelays, TrustEndsAtTheFirstPublicClient) {
  HeaderStore headers(64 * 1024);
  for (const char* value :
       {"from in.example.com (in.example.com [10.0.0.5]) by mx.example.com (Postfix) with ESMTP id "
        "11111; x",
        "from out.example.net (out.example.net [8.8.8.8]) by in.example.com (Postfix) with ESMTP "
        "id "
        "22222 (envelope-from <s@example.net>); x",
        "from pc (pc [192.168.0.9]) by out.example.net (Postfix) with ESMTP id 33333; x"})
    headers.add({mime::Section::message, "Received", value, value, true, true});
  Relays relays;
  relays.read(headers);
  std::string value;
  ASSERT_TRUE(relays.value_of("X-Spam-Relays-External", value));
  EXPECT_EQ(value,
            "[ ip=8.8.8.8 rdns=out.example.net helo=out.example.net by=in.example.com ident= "
            "envfrom=s@example.net intl=0 id=22222 auth= msa=0 ] [ ip=192.168.0.9 rdns=pc helo=pc "
            "by=out.example.net ident= envfrom= intl=0 id=33333 auth= msa=0 ]");
  ASSERT_TRUE(relays.value_of("EnvelopeFrom", value));
  EXPECT_EQ(value, "s@example.net");
  EXPECT_EQ(relays.trusted().size(), 1u);
}

// The place that a plain search says, whatever stands before, between and behind.
TEST(TextSearch, FindsWhatAPlainSearchFinds) {
  Random random(3);
  const auto text_of = [&](std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += "abAB@[\xc1\xe1"[random.below(8)];
    return text;
  };
  const auto lower = [](std::string text) {
    std::ranges::transform(text, text.begin(), ascii_lower);
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    const std::string part = text_of(1 + random.below(random.below(4) == 0 ? 20 : 4));
    std::string text = text_of(random.below(70));
    if (random.below(2) == 0) text.insert(random.below(text.size() + 1), part);
    EXPECT_EQ(find_text<Case::same>(text, part), text.find(part)) << text << " " << part;
    EXPECT_EQ(find_text<Case::any>(text, part), lower(text).find(lower(part)))
        << text << " " << part;
  }
}

}  // namespace
}  // namespace sluice::scan::sa
