// Functions of "eval:" rules, by what they say of header fields.
#include <gtest/gtest.h>

#include "scanners/spamassassin/eval.h"
#include "scanners/spamassassin/header/mail_time.h"

namespace sluice::scan::sa {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

int call(std::string_view function, const std::vector<std::string>& arguments,
         const Fields& fields) {
  HeaderStore headers(64 * 1024);
  for (const auto& [name, value] : fields)
    headers.add({mime::Section::message, name, " " + value, value, true, true});
  Relays relays;
  relays.read(headers);
  const RuleBook book;
  HeaderFacts facts(headers, relays);
  const NamedEval* found = find_eval(function).eval;
  EXPECT_NE(found, nullptr) << function;
  pcre::Tools tools;
  const Arguments given{arguments, Kind::header, nullptr, &tools};
  return found == nullptr
             ? -1
             : found->function(
                   {headers, facts, relays, book, Lists(book), Gathered(), ListedHosts()}, given);
}

TEST(SaEval, Relays) {
  const std::string inside =
      "from a (a [10.0.0.1]) by mx.example.com (Postfix) with ESMTP id 12345; x";
  const std::string outside =
      "from 8.8.4.4 (dns.example [8.8.8.8]) by mx.example.com (Postfix) with ESMTP id 12345; x";
  EXPECT_EQ(call("check_all_trusted", {}, {{"Received", inside}}), 1);
  EXPECT_EQ(call("check_all_trusted", {}, {{"Received", outside}, {"Received", inside}}), 0);
  EXPECT_EQ(call("check_no_relays", {}, {}), 1);
  EXPECT_EQ(call("check_no_relays", {}, {{"Received", inside}}), 0);
  EXPECT_EQ(call("check_relays_unparseable", {}, {{"Received", "from nonsense"}}), 1);
  EXPECT_EQ(call("helo_ip_mismatch", {}, {{"Received", outside}}), 1);
  EXPECT_EQ(
      call("helo_ip_mismatch", {},
           {{"Received", "from 8.8.8.9 (x [8.8.8.8]) by mx (Postfix) with ESMTP id 12345; x"}}),
      0);
  EXPECT_EQ(call("gated_through_received_hdr_remover", {}, {}), 1);
  EXPECT_EQ(call("gated_through_received_hdr_remover", {}, {{"Received", inside}}), 0);
}

TEST(SaEval, Addresses) {
  EXPECT_EQ(call("check_for_missing_to_header", {}, {}), 1);
  EXPECT_EQ(call("check_for_missing_to_header", {}, {{"To", "a@example.com"}}), 0);
  const std::string sorted =
      "a@a.example, b@b.example, c@c.example, d@d.example, e@e.example, f@f.example, g@g.example";
  EXPECT_EQ(call("sorted_recipients", {}, {{"To", sorted}}), 1);
  EXPECT_EQ(call("sorted_recipients", {}, {{"To", "z@z.example, " + sorted}}), 0);
  EXPECT_EQ(call("similar_recipients", {"0.65", "undef"}, {{"To", sorted}}), 0);
  EXPECT_EQ(call("similar_recipients", {"0.65", "undef"},
                 {{"To",
                   "joa@a.example, job@a.example, joc@a.example, jod@a.example, "
                   "joe@a.example"}}),
            1);
  const Fields same{{"Return-Path", "<joe@Example.com>"}, {"From", "Joe <joe@example.com>"}};
  EXPECT_EQ(call("check_for_matching_env_and_hdr_from", {}, same), 1);
  EXPECT_EQ(call("check_equal_from_domains", {}, same), 0);
  EXPECT_EQ(call("check_equal_from_domains", {},
                 {{"Return-Path", "<joe@bounce.example.net>"}, {"From", "joe@example.com"}}),
            1);
  EXPECT_EQ(call("check_ratware_envelope_from", {},
                 {{"Return-Path", "<example.com-joe@evil.example>"}, {"To", "joe@example.com"}}),
            1);
  EXPECT_EQ(call("check_ratware_envelope_from", {},
                 {{"Return-Path", "<someone@evil.example>"}, {"To", "joe@example.com"}}),
            0);
}

TEST(SaEval, FormOfHeaders) {
  const auto subject = [](std::string text) { return Fields{{"Subject", std::move(text)}}; };
  EXPECT_EQ(call("subject_is_all_caps", {}, subject("RE: BUY THIS NOW")), 1);
  EXPECT_EQ(call("subject_is_all_caps", {}, subject("BUY THIS now")), 0);
  EXPECT_EQ(call("subject_is_all_caps", {}, subject("ONEWORDONLY")), 0);
  EXPECT_EQ(call("subject_is_all_caps", {}, subject("1234 5678 90")), 0);
  EXPECT_EQ(call("check_illegal_chars", {"Subject", "0.02", "2"}, subject("caf\xe9 \xe8 la")), 1);
  EXPECT_EQ(call("check_illegal_chars", {"Subject", "0.02", "2"}, subject("caf\xc3\xa9 \xc3\xa8")),
            0);
  EXPECT_EQ(call("check_illegal_chars", {"Subject", "0.02", "1"}, subject("only \xa3 5")), 0);
  const auto to = [](std::string text) {
    return Fields{{"To", "joe@example.com"}, {"Subject", std::move(text)}};
  };
  EXPECT_EQ(call("check_for_to_in_subject", {"address"}, to("for joe@example.com only")), 1);
  EXPECT_EQ(call("check_for_to_in_subject", {"user"}, to("joe, look at this")), 1);
  EXPECT_EQ(call("check_for_to_in_subject", {"user"}, to("Re: to joe")), 1);
  EXPECT_EQ(call("check_for_to_in_subject", {"user"}, to("joepublic")), 0);
  EXPECT_EQ(call("check_header_count_range", {"X-A", "2", "9"}, {{"X-A", "1"}, {"X-A", "2"}}), 1);
  EXPECT_EQ(call("check_header_count_range", {"X-A", "2", "9"}, {{"X-A", "1"}, {"X-A", "1"}}), 0);
  EXPECT_EQ(call("check_unresolved_template", {}, {{"X-Mailer", "%RANDOM_WORD 5"}}), 1);
  EXPECT_EQ(call("check_unresolved_template", {}, {{"Subject", "%RANDOM_WORD 5"}}), 0);
}

TEST(SaEval, ShiftedDates) {
  const auto fields = [](std::string date) {
    return Fields{{"Received",
                   "from a (a [8.8.8.8]) by b (Postfix) with ESMTP id 12345; Thu, 13 Mar "
                   "2003 12:00:00 +0100"},
                  {"Date", std::move(date)}};
  };
  EXPECT_EQ(call("check_for_shifted_date", {"undef", "-96"}, fields("1 Mar 2003 10:00:00 +0000")),
            1);
  EXPECT_EQ(call("check_for_shifted_date", {"3", "6"}, fields("13 Mar 2003 15:00:00 +0000")), 1);
  EXPECT_EQ(call("check_for_shifted_date", {"3", "6"}, fields("13 Mar 2003 11:00:00 +0000")), 0);
  EXPECT_EQ(call("check_for_shifted_date", {"3", "6"}, fields("no date")), 0);
}

TEST(SaMailTime, FormsInUse) {
  EXPECT_EQ(parse_mail_time("Thu, 1 Jan 1970 00:01:00 +0000"), 60);
  EXPECT_EQ(parse_mail_time("1 Jan 70 00:00 GMT"), 0);
  EXPECT_EQ(parse_mail_time("Thu,01 Jan 1970 02:00:00 +0200 (EET)"), 0);
  EXPECT_EQ(parse_mail_time("Thu Jan  1 01:00:00 1970"), 3'600);
  EXPECT_EQ(parse_mail_time("31 Dec 1969 19:00:00 EST"), 0);
  EXPECT_EQ(parse_mail_time("29 Feb 2004 00:00:00 +0000"), 1'078'012'800);
  for (const char* text : {"", "today", "30 Feb 2004 00:00:00", "1 Jan 2004", "1 Foo 2004 0:0:0",
                           "99999999999 Jan 2004 00:00:00"})
    EXPECT_FALSE(parse_mail_time(text)) << text;
}

TEST(SaEval, WhatWasMadeOfAHeaderIsForgottenWithIt) {
  HeaderStore headers(64 * 1024);
  Relays relays;
  HeaderFacts facts(headers, relays);
  const auto begin = [&](const std::string& from) {
    headers.clear();
    headers.add({mime::Section::message, "From", " " + from, from, true, true});
    relays.read(headers);
    facts.begin();
  };
  begin("a@example.com");
  EXPECT_EQ(facts.values("From"), "a@example.com\n");
  ASSERT_EQ(facts.senders().size(), 1U);
  EXPECT_EQ(facts.senders()[0], "a@example.com");
  headers.add({mime::Section::message, "To", " c", "c", true, true});
  EXPECT_EQ(facts.values_in_line("to"), "c ");
  begin("b@example.com");
  EXPECT_EQ(facts.values("From"), "b@example.com\n");
  ASSERT_EQ(facts.senders().size(), 1U);
  EXPECT_EQ(facts.senders()[0], "b@example.com");
  EXPECT_EQ(facts.values_in_line("to"), "");
  EXPECT_EQ(facts.first_address("Reply-To"), "");
}

TEST(SaEval, UnknownFunctionsAreNone) { EXPECT_EQ(find_eval("no_such").eval, nullptr); }

}  // namespace
}  // namespace sluice::scan::sa
