#include <gtest/gtest.h>

#include "engine/dns/resolv_conf.h"
#include "engine/dns/resolver.h"
#include "engine/dns/reverse.h"
#include "tests/dns/fake_servers.h"

namespace sluice::dns {
namespace {

const Endpoint kFirst = *Endpoint::parse("192.0.2.53:53");
const Endpoint kSecond = *Endpoint::parse("192.0.2.54:53");
const Question kMx{"example.com", Type::mx};

Message mx_answer(unsigned ttl = 300) {
  return {.answers = {record("example.com", Type::mx, ttl, word(10) + wire_name("mx.test"))}};
}

class DnsResolver : public testing::Test {
 protected:
  void start() { resolver.emplace(options, &tcp, &servers, 42); }
  AnswerRef ask(const Question& question, std::uint64_t token = 1) {
    return resolver->ask(question, {0, token}, clock.now());
  }
  // The answers that come now, by token.
  std::map<std::uint64_t, AnswerRef> poll() {
    for (int round = 0; round < 8; ++round) {
      resolver->poll(clock.now());
      std::vector<net::Connection*> open;
      for (auto& connection : tcp.connections) open.push_back(&connection);
      for (net::Connection* connection : open) resolver->on_ready(*connection, clock.now());
    }
    std::map<std::uint64_t, AnswerRef> answers;
    for (Resolver::Done done; resolver->next_done(done);) answers[done.token.id] = done.answer;
    return answers;
  }
  AnswerRef answer_to(const Question& question) {
    if (AnswerRef known = ask(question, 7)) return known;
    return poll()[7];
  }

  Options options{.servers = {kFirst}};
  ManualClock clock;
  FakeServers servers;
  FakeTcp tcp;
  std::optional<Resolver> resolver;  // goes first
};

TEST_F(DnsResolver, AnAnswerIsKeptUntilItExpires) {
  servers.serve = [](const Asked& asked) { return mx_answer().to(asked.question, asked.id); };
  start();
  EXPECT_EQ(ask(kMx), nullptr);
  const auto answers = poll();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers.at(1)->exchanges[0].exchange, "mx.test");
  EXPECT_FALSE(answers.at(1)->secure);
  clock.advance(seconds(299));
  EXPECT_NE(ask(kMx), nullptr);
  clock.advance(seconds(1));
  EXPECT_EQ(ask(kMx), nullptr);
  EXPECT_EQ(servers.asked.size(), 2U);
}

TEST_F(DnsResolver, EqualQuestionsOnTheirWayShareOneQuery) {
  start();
  for (std::uint64_t token = 1; token <= 3; ++token) EXPECT_EQ(ask(kMx, token), nullptr);
  ASSERT_EQ(servers.asked.size(), 1U);
  servers.deliver(servers.asked[0], mx_answer().to(kMx, servers.asked[0].id));
  EXPECT_EQ(poll().size(), 3U);
}

TEST_F(DnsResolver, EachTryHasAnIdAndASourcePortOfItsOwn) {
  options.queries_max = 200;
  start();
  std::set<std::uint16_t> ids, ports;
  for (int i = 0; i < 100; ++i) ask({"n" + std::to_string(i) + ".test", Type::a});
  for (const Asked& asked : servers.asked) {
    ids.insert(asked.id);
    ports.insert(asked.port);
  }
  EXPECT_GT(ids.size(), 95U);
  EXPECT_EQ(ports.size(), 100U);
}

TEST_F(DnsResolver, AForgedReplyIsIgnoredAndTheRightOneStillCounts) {
  start();
  ask(kMx);
  const Asked asked = servers.asked.at(0);
  servers.deliver(asked, mx_answer().to(kMx, static_cast<std::uint16_t>(asked.id + 1)));
  servers.deliver(asked, mx_answer().to({"other.test", Type::mx}, asked.id));
  EXPECT_TRUE(poll().empty());
  servers.deliver(asked, mx_answer().to(kMx, asked.id));
  EXPECT_EQ(poll().size(), 1U);
  EXPECT_EQ(resolver->counters().ignored, 2U);
}

TEST_F(DnsResolver, ASilentServerIsFollowedByTheNextAndRemembered) {
  options.servers = {kFirst, kSecond};
  servers.serve = [](const Asked& asked) {
    return asked.server == kSecond ? mx_answer(0).to(asked.question, asked.id)
                                   : std::vector<std::uint8_t>();
  };
  start();
  ask(kMx);
  EXPECT_TRUE(poll().empty());
  EXPECT_EQ(resolver->next_deadline(), clock.now() + options.timeout);
  clock.advance(options.timeout);
  EXPECT_EQ(poll().size(), 1U);
  ask(kMx);  // TTL 0 was not kept
  EXPECT_EQ(servers.asked.back().server, kSecond);
}

TEST_F(DnsResolver, WithoutAnyAnswerTheQuestionFailsAndTheFailureIsKeptShortly) {
  options.servers = {kFirst, kSecond};
  options.attempts = 2;
  start();
  ask(kMx);
  std::map<std::uint64_t, AnswerRef> answers;
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(answers.empty());
    clock.advance(options.timeout);
    answers = poll();
  }
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers.at(1)->failed());
  EXPECT_EQ(answers.at(1)->trouble, "no answer from 192.0.2.54:53");
  EXPECT_EQ(servers.asked.size(), 4U);
  EXPECT_NE(ask(kMx), nullptr);
  clock.advance(options.failure_ttl);
  EXPECT_EQ(ask(kMx), nullptr);
}

TEST_F(DnsResolver, ARefusedPortIsFollowedByTheNextServerAtOnce) {
  options.servers = {kFirst, kSecond};
  servers.refusing = {kFirst};
  servers.serve = [](const Asked& asked) { return mx_answer().to(asked.question, asked.id); };
  start();
  EXPECT_TRUE(answer_to(kMx)->found());
}

TEST_F(DnsResolver, ServfailFailsOnceEachServerHasSaidIt) {
  options.servers = {kFirst, kSecond};
  servers.serve = [](const Asked& asked) {
    return Message{.flags = 0x8182}.to(asked.question, asked.id);
  };
  start();
  const AnswerRef answer = answer_to(kMx);
  EXPECT_TRUE(answer->failed());
  EXPECT_EQ(answer->trouble, "RCODE 2 from 192.0.2.54:53");
  EXPECT_EQ(servers.asked.size(), 2U);
}

TEST_F(DnsResolver, ATruncatedReplyIsAskedForAgainOverTcp) {
  servers.serve = [](const Asked& asked) {
    return Message{.flags = 0x8180 | kTruncated}.to(asked.question, asked.id);
  };
  tcp.serve = [](const Asked& asked) { return mx_answer().to(asked.question, asked.id); };
  start();
  EXPECT_TRUE(answer_to(kMx)->found());
  EXPECT_EQ(resolver->counters().over_tcp, 1U);
  EXPECT_EQ(tcp.open_connections(), 0U);
}

TEST_F(DnsResolver, AClosedTcpConnectionIsATry) {
  options.attempts = 1;
  servers.serve = [](const Asked& asked) {
    return Message{.flags = 0x8180 | kTruncated}.to(asked.question, asked.id);
  };
  tcp.closes = true;
  start();
  EXPECT_EQ(answer_to(kMx)->trouble, "connection closed");
}

TEST_F(DnsResolver, AnAnswerIsSecureOnlyFromATrustedServerThatHasShownItValidates) {
  const struct {
    bool declared, probe_authentic, answer_authentic, secure;
  } table[] = {{true, true, true, true},
               {true, true, false, false},
               {true, false, true, false},
               {false, true, true, false}};
  for (const auto& row : table) {
    options.trust_ad = row.declared;
    options.probe = "";
    servers.serve = [&](const Asked& asked) {
      const bool probe = asked.question == Question{"", Type::soa};
      Message message = probe ? Message{.answers = {soa_record("", 60, 60)}} : mx_answer();
      if (probe ? row.probe_authentic : row.answer_authentic) message.flags |= kAuthentic;
      return message.to(asked.question, asked.id);
    };
    start();
    EXPECT_EQ(answer_to(kMx)->secure, row.secure);
  }
  EXPECT_EQ(resolver->trust(), Trust::none);
}

TEST_F(DnsResolver, QuestionsWaitForTheProbeAndASilentProbeIsMadeAgain) {
  options.trust_ad = true;
  options.attempts = 1;
  start();
  ask(kMx);
  poll();
  ASSERT_EQ(servers.asked.size(), 1U);
  EXPECT_EQ(servers.asked[0].question, (Question{"", Type::soa}));
  clock.advance(options.timeout);
  poll();
  EXPECT_EQ(resolver->trust(), Trust::unreachable);
  EXPECT_EQ(servers.asked.back().question, kMx);
  servers.serve = [](const Asked& asked) {
    return Message{.flags = 0x8180 | kAuthentic, .answers = {soa_record("", 60, 60)}}.to(
        asked.question, asked.id);
  };
  clock.advance(Resolver::kProbeSoon);
  poll();
  EXPECT_EQ(resolver->trust(), Trust::validates);
}

TEST_F(DnsResolver, QuestionsBeyondTheLimitWaitForTheirTurn) {
  options.queries_max = 2;
  start();
  for (std::uint64_t token = 0; token < 5; ++token)
    ask({"n" + std::to_string(token) + ".test", Type::a}, token);
  EXPECT_EQ(servers.asked.size(), 2U);
  std::size_t done = 0;
  for (std::size_t i = 0; i < servers.asked.size(); ++i) {
    const Asked asked = servers.asked[i];
    servers.deliver(asked, Message{.answers = {a_record(asked.question.name, 60, "192.0.2.9")}}.to(
                               asked.question, asked.id));
    done += poll().size();
  }
  EXPECT_EQ(done, 5U);
  EXPECT_EQ(resolver->in_flight(), 0U);
}

TEST_F(DnsResolver, WithoutServersEveryQuestionFailsAtOnce) {
  options.servers.clear();
  start();
  EXPECT_EQ(ask(kMx)->trouble, "no DNS server is configured");
}

TEST(DnsCache, TheLongestUnusedMakesRoomAndTheLargeAreNotKept) {
  Cache cache(2);
  const auto answer = std::make_shared<const Answer>(Answer{.expires = Instant{100}});
  const Question a{"a", Type::a}, b{"b", Type::a}, c{"c", Type::a};
  cache.put(a, answer);
  cache.put(b, answer);
  EXPECT_NE(cache.find(a, {}), nullptr);
  cache.put(c, answer);
  EXPECT_EQ(cache.find(b, {}), nullptr);
  EXPECT_NE(cache.find(a, {}), nullptr);
  EXPECT_EQ(cache.find(a, Instant{100}), nullptr);
  EXPECT_EQ(cache.size(), 1U);
  Answer large{.expires = Instant{100}};
  large.texts.assign(1, std::string(Cache::kAnswerBytesMax, 'x'));
  cache.put(b, std::make_shared<const Answer>(large));
  EXPECT_EQ(cache.find(b, {}), nullptr);
}

TEST(DnsAnswers, AMissingAnswerIsWantedOnceAndABadNameHasFailed) {
  AnswerTable table;
  EXPECT_EQ(table.find("Example.com.", Type::mx), nullptr);
  EXPECT_EQ(table.find("example.com", Type::mx), nullptr);
  ASSERT_EQ(table.wanted().size(), 1U);
  EXPECT_EQ(table.wanted()[0].text(), "example.com MX");
  table.put(table.wanted()[0], std::make_shared<const Answer>(Answer{.expires = Instant{5}}));
  EXPECT_NE(table.find("example.com", Type::mx), nullptr);
  EXPECT_TRUE(table.wanted().empty());
  EXPECT_EQ(table.expires(), Instant{5});
  EXPECT_TRUE(table.find("a..b", Type::a)->failed());
}

AnswerRef answer_of(Answer answer) {
  answer.status = Answer::Status::found;
  return std::make_shared<const Answer>(std::move(answer));
}

TEST(DnsReverse, TheNameIsVerifiedByTheAddressesOfTheHost) {
  const IpAddress source = *IpAddress::parse("192.0.2.1");
  const Question pointer{"1.2.0.192.in-addr.arpa", Type::ptr};
  AnswerTable answers;
  EXPECT_FALSE(find_reverse_name(source, answers));
  EXPECT_EQ(answers.take_wanted(), std::vector{pointer});
  answers.put(pointer, answer_of({.names = {"b\\d", "a.test", "b.test"}}));
  EXPECT_FALSE(find_reverse_name(source, answers));
  EXPECT_EQ(answers.take_wanted(),
            (std::vector<Question>{{"a.test", Type::a}, {"b.test", Type::a}}));
  answers.put({"a.test", Type::a}, answer_of({.addresses = {*IpAddress::parse("192.0.2.9")}}));
  answers.put({"b.test", Type::a}, answer_of({.addresses = {source}}));
  EXPECT_EQ(find_reverse_name(source, answers)->host, "b.test");
  EXPECT_TRUE(find_reverse_name(source, answers)->verified);
  answers.put({"b.test", Type::a}, std::make_shared<const Answer>());
  EXPECT_EQ(find_reverse_name(source, answers)->host, "a.test");
  EXPECT_FALSE(find_reverse_name(source, answers)->verified);
}

TEST(DnsReverse, ManyNamesAreNotAllAskedFor) {
  Answer many;
  for (int i = 0; i < 100; ++i) many.names.push_back("n" + std::to_string(i) + ".test");
  AnswerTable answers;
  answers.put({"1.2.0.192.in-addr.arpa", Type::ptr}, answer_of(many));
  EXPECT_FALSE(find_reverse_name(*IpAddress::parse("192.0.2.1"), answers));
  EXPECT_EQ(answers.wanted().size(), kReverseNamesMax);
}

TEST(DnsResolvConf, ServersAndTrustAreRead) {
  const SystemServers found = parse_resolv_conf(
      "# comment\nsearch example.com\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\n"
      "nameserver fe80::1%eth0\nnameserver nonsense\noptions edns0 trust-ad\n"
      "nameserver 192.0.2.3\nnameserver 192.0.2.4\n");
  ASSERT_EQ(found.servers.size(), 3U);
  EXPECT_EQ(found.servers[1].text(), "[2001:db8::1]:53");
  EXPECT_TRUE(found.trust_ad);
  EXPECT_FALSE(parse_resolv_conf("nameserver 192.0.2.1").trust_ad);
}

}  // namespace
}  // namespace sluice::dns
