#include "engine/delivery/mail_hosts.h"

#include "tests/routing/answers.h"

namespace sluice::delivery {
namespace {

using config::AddressFamily;
using dns::Type;
using dns::Zone;

class MailHostsOf : public testing::Test {
 protected:
  MailHosts find(std::string_view domain) {
    return zone.run(
        [&](dns::AnswerTable& answers) { return find_mail_hosts(domain, rules, answers); });
  }
  // "mx1 192.0.2.1 2001:db8::1, mx2 192.0.2.2"
  std::string shown(std::string_view domain) {
    std::string text;
    for (const MailHost& host : find(domain).hosts) {
      text += (text.empty() ? "" : ", ") + host.name;
      for (const IpAddress& address : host.addresses) text += " " + address.text();
    }
    return text;
  }
  std::string refusal(std::string_view domain) {
    const MailHosts found = find(domain);
    EXPECT_TRUE(found.hosts.empty());
    return std::string(found.status) + " " + found.detail;
  }

  Zone zone;
  MailHostRules rules;
};

TEST_F(MailHostsOf, HostsComeByPreferenceWithTheAddressesOfTheFirstFamilyFirst) {
  zone.mx("d.test", {{20, "mx2.test"}, {10, "MX1.test."}, {20, "mx3.test"}})
      .a("mx1.test", {"192.0.2.1"})
      .aaaa("mx1.test", {"2001:db8::1"})
      .a("mx2.test", {"192.0.2.2"})
      .aaaa("mx3.test", {"2001:db8::3"});
  EXPECT_EQ(shown("D.test"),
            "mx1.test 2001:db8::1 192.0.2.1, mx2.test 192.0.2.2, mx3.test 2001:db8::3");
  rules.family = AddressFamily::ipv4_first;
  EXPECT_EQ(shown("d.test"),
            "mx1.test 192.0.2.1 2001:db8::1, mx2.test 192.0.2.2, mx3.test 2001:db8::3");
  rules.family = AddressFamily::ipv4_only;
  EXPECT_EQ(shown("d.test"), "mx1.test 192.0.2.1, mx2.test 192.0.2.2");
  const MailHosts found = find("d.test");
  EXPECT_LT(found.hosts[0].rank, found.hosts[1].rank);
  EXPECT_EQ(find("d.test").expires, Instant{1'000});
}

TEST_F(MailHostsOf, WithoutMxTheDomainItselfIsTheHost) {
  zone.no_data("d.test", Type::mx).a("d.test", {"192.0.2.1"});
  EXPECT_EQ(shown("d.test"), "d.test 192.0.2.1");
}

TEST_F(MailHostsOf, NextHopsWithNamesComeInTheirOrder) {
  zone.mx("relay.test", {{20, "b.test"}, {10, "a.test"}})
      .a("a.test", {"192.0.2.1"})
      .a("b.test", {"192.0.2.2"})
      .a("host.test", {"192.0.2.3"})
      .mx("host.test", {{10, "other.test"}});
  const auto hops = [](std::initializer_list<const char*> texts) {
    std::vector<config::NextHop> list;
    for (const char* text : texts) list.push_back(*config::NextHop::parse(text));
    return list;
  };
  const auto found = [&](std::initializer_list<const char*> texts) {
    return zone.run(
        [&](dns::AnswerTable& answers) { return find_next_hops(hops(texts), rules, answers); });
  };
  std::string text;
  std::uint32_t rank = 0;
  for (const MailHost& host : found({"[host.test]:587", "relay.test", "192.0.2.9:26"}).hosts) {
    text += host.name + " " + host.addresses.at(0).text() + ":" + std::to_string(host.port) + ", ";
    EXPECT_GE(host.rank, rank);
    rank = host.rank;
  }
  EXPECT_EQ(text,
            "host.test 192.0.2.3:587, a.test 192.0.2.1:25, b.test 192.0.2.2:25, 192.0.2.9 "
            "192.0.2.9:26, ");
  // A name that nobody knows is the operator's slip: mail waits.
  const MailHosts none = found({"[nowhere.test]", "gone.test"});
  EXPECT_TRUE(none.hosts.empty());
  EXPECT_EQ(none.status, "4.4.4");
  EXPECT_EQ(none.detail, "next hop gone.test: domain gone.test does not exist");
  EXPECT_EQ(found({"gone.test", "[host.test]"}).hosts.size(), 1U);
}

TEST_F(MailHostsOf, AnAddressLiteralNeedsNoDns) {
  EXPECT_EQ(shown("[192.0.2.7]"), "[192.0.2.7] 192.0.2.7");
  EXPECT_EQ(shown("[ipv6:2001:db8::7]"), "[ipv6:2001:db8::7] 2001:db8::7");
  EXPECT_TRUE(zone.asked.empty());
  EXPECT_EQ(refusal("[192.0.2]").substr(0, 5), "5.1.2");
}

TEST_F(MailHostsOf, DomainsWithoutAWayForwardAreRefusedForGood) {
  zone.mx("null.test", {{0, ""}})
      .no_data("empty.test", Type::mx)
      .no_data("empty.test", Type::a)
      .mx("dead.test", {{10, "nowhere.test"}, {20, "b\\.d"}});
  const struct {
    const char *domain, *refusal;
  } table[] = {
      {"gone.test", "5.1.2 domain gone.test does not exist"},
      {"null.test", "5.1.10 domain null.test does not accept mail (null MX)"},
      {"empty.test", "5.1.2 empty.test has neither a mail host nor an address"},
      {"dead.test", "5.4.4 no mail host of dead.test has an address"},
      {"a..b", "5.1.2 a..b is no domain that could be looked up"},
  };
  for (const auto& row : table) EXPECT_EQ(refusal(row.domain), row.refusal);
  EXPECT_FALSE(zone.asked.contains({"null.test", Type::a}));  // RFC 7505 3: no fall-back
}

TEST_F(MailHostsOf, ANullMxAmongOthersIsLeftOut) {
  zone.mx("d.test", {{0, ""}, {5, "mx.test"}}).a("mx.test", {"192.0.2.1"});
  EXPECT_EQ(shown("d.test"), "mx.test 192.0.2.1");
}

TEST_F(MailHostsOf, FailuresOfDnsAreTemporaryUnlessAnotherHostIsLeft) {
  zone.fails("bogus.test", Type::mx)
      .mx("half.test", {{10, "bad.test"}, {20, "mx.test"}})
      .mx("bad-only.test", {{10, "bad.test"}, {20, "nowhere.test"}})
      .fails("bad.test", Type::a)
      .a("mx.test", {"192.0.2.1"})
      .no_data("implicit.test", Type::mx)
      .fails("implicit.test", Type::aaaa);
  EXPECT_EQ(refusal("bogus.test"), "4.4.3 DNS: bogus.test MX: SERVFAIL");
  EXPECT_EQ(shown("half.test"), "mx.test 192.0.2.1");
  EXPECT_EQ(refusal("bad-only.test"), "4.4.3 DNS: bad.test: SERVFAIL");
  EXPECT_EQ(refusal("implicit.test"), "4.4.3 DNS: implicit.test: SERVFAIL");
  EXPECT_TRUE(find("bogus.test").temporary());
}

TEST_F(MailHostsOf, OursAndThoseNotPreferredToItAreCutOff) {
  zone.mx("d.test", {{10, "mx1.test"}, {20, "us.test"}, {20, "mx2.test"}, {30, "mx3.test"}})
      .mx("first.test", {{10, "us.test"}, {20, "mx2.test"}})
      .a("mx1.test", {"192.0.2.1"})
      .a("us.test", {"192.0.2.99"})
      .a("mx2.test", {"192.0.2.2"})
      .a("mx3.test", {"192.0.2.3"});
  const std::string loop = "5.4.6 mail for first.test loops back to this host";
  rules.own_names = {"us.test"};
  EXPECT_EQ(shown("d.test"), "mx1.test 192.0.2.1");
  EXPECT_EQ(refusal("first.test"), loop);
  rules.own_names.clear();
  rules.own_endpoints = {*Endpoint::parse("192.0.2.99:2525")};
  EXPECT_EQ(find("first.test").hosts.size(), 2U);  // another server of the same host
  rules.own_endpoints = {*Endpoint::parse("192.0.2.99:25")};
  EXPECT_EQ(refusal("first.test"), loop);
}

TEST_F(MailHostsOf, NoMoreHostsAndAddressesAreTriedThanTheLimits) {
  std::vector<dns::MxRecord> many;
  std::vector<std::string> addresses;
  for (int i = 0; i < 100; ++i) {
    many.push_back({static_cast<std::uint16_t>(100 - i), "mx" + std::to_string(i) + ".test"});
    addresses.push_back("192.0.2." + std::to_string(i));
  }
  zone.mx("d.test", many).a("mx99.test", addresses);
  const MailHosts found = find("d.test");
  ASSERT_EQ(found.hosts.size(), 1U);
  EXPECT_EQ(found.hosts[0].addresses.size(), kAddressesPerHost);
  EXPECT_EQ(zone.asked.size(), 1 + 2 * rules.hosts_max);
}

TEST_F(MailHostsOf, AHostWhoseTlsaLookupFailsIsNotUsed) {
  zone.mx("d.test", {{10, "mx1.test"}, {20, "mx2.test"}}, true)
      .mx("one.test", {{10, "mx1.test"}}, true)
      .a("mx1.test", {"192.0.2.1"}, true)
      .a("mx2.test", {"192.0.2.2"}, true)
      .fails("_25._tcp.mx1.test", Type::tlsa);
  EXPECT_EQ(shown("d.test"), "mx2.test 192.0.2.2");
  EXPECT_EQ(refusal("one.test"), "4.4.3 DNS: mx1.test: TLSA: SERVFAIL");
}

}  // namespace
}  // namespace sluice::delivery
