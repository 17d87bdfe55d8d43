#include <gtest/gtest.h>

#include "engine/dns/name.h"
#include "tests/support/dns_message.h"

namespace sluice::dns {
namespace {

constexpr std::uint16_t kId = 0x1234;

Reply reply_to(const Question& question, const Message& message) {
  const auto octets = message.to(question, kId);
  auto reply = read_reply(octets, question, kId);
  EXPECT_TRUE(reply.has_value());
  return reply.value_or(Reply{});
}

TEST(DnsName, IsLowerCaseWithoutTheLastDotOrNoName) {
  const std::string label(63, 'a');
  const struct {
    std::string text;
    std::optional<std::string> wanted;
  } table[] = {
      {"Example.COM.", "example.com"},
      {"_25._tcp.mx.example", "_25._tcp.mx.example"},
      {"", ""},
      {".", ""},
      {"a..b", {}},
      {".a", {}},
      {"a b", {}},
      {"a\\.b", {}},
      {"caf\xc3\xa9.Example", "xn--caf-dma.example"},
      {"_mta-sts.caf\xc3\xa9.example", "_mta-sts.xn--caf-dma.example"},
      {"caf\xe9.example", {}},                   // not UTF-8
      {"\xe2\x98\x83\xe2\x80\xae.example", {}},  // not for IDNA
      {label + ".x", label + ".x"},
      {label + "a.x", {}},
      {label + '.' + label + '.' + label + '.' + label, {}},  // 255 as text
  };
  for (const auto& row : table) EXPECT_EQ(normal_name(row.text), row.wanted) << row.text;
}

TEST(DnsName, OfAnAddressIsReversed) {
  EXPECT_EQ(reverse_name(*IpAddress::parse("192.0.2.10")), "10.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(*IpAddress::parse("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsWire, AQuestionAsksForDnssecAndSaysWhatDatagramsItTakes) {
  const auto octets = make_question({"mx.example", Type::a}, kId);
  const std::string wanted = word(kId) + word(0x0120) + word(1) + word(0) + word(0) + word(1) +
                             wire_name("mx.example") + word(1) + word(1) + '\0' + word(41) +
                             word(1232) + word(0) + word(0x8000) + word(0);
  EXPECT_EQ(as_text(octets), wanted);
  EXPECT_EQ(make_question({"", Type::soa}, kId)[12], 0);  // the root
}

TEST(DnsWire, RecordsOfEachTypeAreRead) {
  const Reply mx = reply_to(
      {"example.com", Type::mx},
      {.flags = 0x8180 | kAuthentic,
       .answers = {record("EXAMPLE.com", Type::mx, 300, word(10) + wire_name("MX1.example.com")),
                   record("example.com", Type::mx, 60, word(0) + wire_name(""))}});
  ASSERT_EQ(mx.answer.exchanges.size(), 2U);
  EXPECT_EQ(mx.answer.exchanges[0].exchange, "mx1.example.com");
  EXPECT_EQ(mx.answer.exchanges[1].exchange, "");
  EXPECT_EQ(mx.ttl, 60U);
  EXPECT_TRUE(mx.authentic);

  const Reply v6 = reply_to({"a.test", Type::aaaa}, {.answers = {a_record("a.test", 5, "::1")}});
  EXPECT_EQ(v6.answer.addresses, std::vector{*IpAddress::parse("::1")});

  const Reply txt =
      reply_to({"t.test", Type::txt}, {.answers = {record("t.test", Type::txt, 1, "\3v=S\4TSv1")}});
  EXPECT_EQ(txt.answer.texts, std::vector<std::string>{"v=STSv1"});

  const Reply tlsa = reply_to(
      {"_25._tcp.m.test", Type::tlsa},
      {.answers = {record("_25._tcp.m.test", Type::tlsa, 1, std::string("\3\1\1", 3) + "hash")}});
  ASSERT_EQ(tlsa.answer.tlsa.size(), 1U);
  EXPECT_EQ(tlsa.answer.tlsa[0].usage, 3);
  EXPECT_EQ(as_text(tlsa.answer.tlsa[0].data), "hash");

  const Reply ptr = reply_to(
      {"1.0.0.127.in-addr.arpa", Type::ptr},
      {.answers = {record("1.0.0.127.in-addr.arpa", Type::ptr, 9, wire_name("localhost"))}});
  EXPECT_EQ(ptr.answer.names, std::vector<std::string>{"localhost"});
}

TEST(DnsWire, CnamesAreFollowedAndTheSmallestTtlCounts) {
  const Reply reply = reply_to({"a.test", Type::a},
                               {.answers = {a_record("c.test", 500, "192.0.2.1"),
                                            record("b.test", Type::cname, 40, wire_name("c.test")),
                                            record("a.test", Type::cname, 90, wire_name("B.test")),
                                            a_record("x.test", 1, "192.0.2.66")}});
  EXPECT_EQ(reply.answer.addresses, std::vector{*IpAddress::parse("192.0.2.1")});
  EXPECT_EQ(reply.answer.canonical, "c.test");
  EXPECT_EQ(reply.ttl, 40U);
  const Reply alias =
      reply_to({"a.test", Type::cname},
               {.answers = {record("a.test", Type::cname, 90, wire_name("b.test"))}});
  EXPECT_EQ(alias.answer.names, std::vector<std::string>{"b.test"});
}

TEST(DnsWire, ALoopOfCnamesFails) {
  const Reply reply = reply_to(
      {"a.test", Type::a}, {.answers = {record("a.test", Type::cname, 9, wire_name("b.test")),
                                        record("b.test", Type::cname, 9, wire_name("a.test"))}});
  EXPECT_EQ(reply.code, kServerFailure);
  EXPECT_EQ(reply.answer.trouble, "a loop of CNAMEs, or too many");
}

TEST(DnsWire, AbsenceIsRememberedAsLongAsTheSoaSays) {
  const Message none{.flags = 0x8183, .authority = {soa_record("test", 900, 300)}};
  const Reply no_name = reply_to({"a.test", Type::a}, none);
  EXPECT_EQ(no_name.answer.status, Answer::Status::no_name);
  EXPECT_EQ(no_name.ttl, 300U);
  const Reply no_data = reply_to({"a.test", Type::a}, {.authority = {soa_record("test", 60, 300)}});
  EXPECT_EQ(no_data.answer.status, Answer::Status::no_data);
  EXPECT_EQ(no_data.ttl, 60U);
  EXPECT_EQ(reply_to({"a.test", Type::a}, {}).ttl, 0U);
}

TEST(DnsWire, WhatIsNoReplyToTheQuestionCountsForNothing) {
  const Question question{"a.test", Type::a};
  const Message good{.answers = {a_record("a.test", 5, "192.0.2.1")}};
  EXPECT_TRUE(read_reply(good.to(question, kId), question, kId));
  EXPECT_FALSE(read_reply(good.to(question, kId + 1), question, kId));
  EXPECT_FALSE(read_reply(good.to({"b.test", Type::a}, kId), question, kId));
  EXPECT_FALSE(read_reply(good.to({"a.test", Type::aaaa}, kId), question, kId));
  const Message echo{.flags = 0x0100};
  EXPECT_FALSE(read_reply(echo.to(question, kId), question, kId));
}

TEST(DnsWire, AReplyCutAnywhereIsAFailureOrNone) {
  const Question question{"a.test", Type::mx};
  const Message whole{.answers = {record("a.test", Type::mx, 5, word(1) + wire_name("mx.test")),
                                  record("a.test", Type::mx, 5, word(2) + wire_name("nx.test"))},
                      .authority = {soa_record("test", 60, 300)}};
  const auto octets = whole.to(question, kId);
  for (std::size_t size = 0; size < octets.size(); ++size) {
    const auto reply = read_reply(ByteView(octets).first(size), question, kId);
    EXPECT_EQ(reply ? reply->code : kServerFailure, kServerFailure) << size;
  }
}

TEST(DnsWire, MalformedRecordsFail) {
  const struct {
    Type type;
    std::string data;
    const char* note;
  } table[] = {
      {Type::a, "123", "three octets"},
      {Type::aaaa, "1234", "an IPv4 address"},
      {Type::mx, word(1), "no name"},
      {Type::mx, word(1) + wire_name("a.test") + "x", "octets behind the name"},
      {Type::mx, word(1) + "\xc0\xff", "a pointer beyond the message"},
      {Type::txt,
       "\x05"
       "abc",
       "a string longer than the record"},
      {Type::tlsa, std::string("\3\1\1", 3), "no data"},
  };
  for (const auto& row : table) {
    const Question question{"a.test", row.type};
    const Message message{.answers = {record("a.test", row.type, 5, row.data)}};
    const auto reply = read_reply(message.to(question, kId), question, kId);
    ASSERT_TRUE(reply.has_value()) << row.note;
    EXPECT_EQ(reply->code, kServerFailure) << row.note;
  }
}

}  // namespace
}  // namespace sluice::dns
