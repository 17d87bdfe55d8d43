#include "engine/config/load.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::config {
namespace {

const Machine kMachine{{0, 1, 2, 3}};

constexpr std::string_view kSmallest = R"(
hostname = "mx.example.com"
[[listener]]
name = "inbound"
bind = "127.0.0.1:2525"
)";

std::string smallest_and(std::string_view more) {
  std::string text;
  text.append(kSmallest).append(more);
  return text;
}

std::shared_ptr<const Config> loaded(std::string_view text, std::string name = "sluice.toml") {
  auto result = load_text(text, std::move(name), kMachine);
  if (!result) ADD_FAILURE() << text_of(result.error());
  return result ? *result : std::make_shared<const Config>();
}

TEST(ConfigLoad, TheSmallestFileTakesEveryDefaultOfTheStruct) {
  const auto config = loaded(kSmallest);
  const Config defaults;
  EXPECT_EQ(config->memory.sessions, defaults.memory.sessions);
  EXPECT_EQ(config->delivery.retry, defaults.delivery.retry);
  ASSERT_EQ(config->listeners.size(), 1u);
  EXPECT_EQ(config->listeners[0].recipients_max, Listener{}.recipients_max);
  EXPECT_EQ(config->listeners[0].line, 3);
}

TEST(ConfigLoad, AListenerWithoutHostnameTakesThatOfTheFile) {
  EXPECT_EQ(loaded(kSmallest)->listeners.at(0).hostname, "mx.example.com");
}

TEST(ConfigLoad, ABindIsAKernelAddressOrAPort) {
  const auto config = loaded(R"(
hostname = "mx.example.com"
[[port]]
name = "mx0"
device = "net_tap0"
address = "192.0.2.10/24"
[[listener]]
name = "a"
bind = "mx0:25"
[[listener]]
name = "b"
bind = "[::1]:2525"
)");
  ASSERT_EQ(config->listeners.size(), 2u);
  EXPECT_EQ(config->listeners[0].port_name, "mx0");
  EXPECT_EQ(config->listeners[0].tcp_port, 25);
  EXPECT_TRUE(config->listeners[0].address.is_unspecified());
  EXPECT_EQ(config->listeners[1].port_name, "");
  EXPECT_EQ(config->listeners[1].address, IpAddress::parse("::1"));
  EXPECT_EQ(config->listeners[1].tcp_port, 2525);
}

TEST(ConfigLoad, EveryKindOfValueReachesItsMember) {
  const auto config = loaded(smallest_and(R"(
relay_from = ["192.0.2.0/24", "2001:db8::/32"]
message_size_max = "10 MiB"
bare_newline = "normalise"
greet_delay = "250ms"
[cores]
workers = "1-2"
idle = "spin"
[[route]]
domain = "*"
next_hop = "192.0.2.25:25"
[delivery]
paused = true
[scan]
scl_score = [1, 2.5, 3, 4, 5, 6, 7, 8, 9]
)"));
  const Listener& listener = config->listeners.at(0);
  EXPECT_EQ(listener.relay_from.size(), 2u);
  EXPECT_EQ(listener.message_size_max, 10u << 20);
  EXPECT_EQ(listener.bare_newline, BareNewline::normalise);
  EXPECT_EQ(listener.greet_delay, milliseconds(250));
  EXPECT_EQ(config->cores.workers, (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(config->cores.idle, IdlePolicy::spin);
  EXPECT_EQ(config->routes.at(0).next_hops.at(0), NextHop::parse("192.0.2.25:25"));
  EXPECT_TRUE(config->delivery.paused);
  EXPECT_EQ(config->scan.scl_score[1], 2.5);
}

TEST(ConfigLoad, RelativePathsAreRelativeToTheFolderOfTheFile) {
  const auto text = smallest_and(
      "[scan]\nrules = ['a.rules', '/etc/b.rules']\n"
      "[queue]\ndirectory = 'queue'\n");
  const auto config = loaded(text, "/etc/sluice/sluice.toml");
  EXPECT_EQ(config->scan.rules, (std::vector<std::string>{"/etc/sluice/a.rules", "/etc/b.rules"}));
  EXPECT_EQ(config->queue.directory, "/etc/sluice/queue");
  EXPECT_EQ(loaded(text, "sluice.toml")->queue.directory, "queue");
}

TEST(ConfigLoad, WithoutWorkersTheFirstCpuOfTheMachineServes) {
  const auto result = load_text(kSmallest, "sluice.toml", Machine{{2, 3}});
  ASSERT_TRUE(result);
  EXPECT_EQ((*result)->cores.workers, std::vector<unsigned>{2});
}

TEST(ConfigLoad, TheDemoHasNoProblems) {
  const auto result = load_file(SLUICE_TESTS_DATA "/../../tools/demo.toml", kMachine);
  EXPECT_TRUE(result) << text_of(result.error());
}

TEST(ConfigLoad, TheReferenceLoadsAndHasTheDefaults) {
  const auto config = loaded(describe_defaults());
  const Config defaults;
  EXPECT_EQ(config->queue.segment_bytes, defaults.queue.segment_bytes);
  EXPECT_EQ(config->scan.scl_score, defaults.scan.scl_score);
  EXPECT_EQ(config->tcp, defaults.tcp);
  EXPECT_EQ(config->ports.at(0).mtu, Port{}.mtu);
}

TEST(ConfigLoad, RetriesAreATableAndRepliesHaveRules) {
  const auto config = loaded(smallest_and(
      "[delivery]\nretry = ['1m', '5m', '1h']\nretry_spread = 10\n[[reply_rule]]\ndomain = '*'\n"
      "match = '552 5.2.2*'\ntreat = 'temporary'\nretry = '10m'\nexpire = '1d'\n"));
  EXPECT_EQ(config->delivery.retry, (std::vector{minutes(1), minutes(5), hours(1)}));
  EXPECT_EQ(config->delivery.retry_spread, 10u);
  ASSERT_EQ(config->reply_rules.size(), 1u);
  EXPECT_EQ(config->reply_rules[0].treat, ReplyClass::temporary);
  EXPECT_EQ(config->reply_rules[0].retry, std::vector{minutes(10)});
  EXPECT_EQ(config->reply_rules[0].expire, hours(24));
}

TEST(ConfigLoad, TcpMayBeToldWhatToUse) {
  const auto config =
      loaded(smallest_and("[tcp]\nsyn_cookies = 'on'\ncongestion_control = 'bbr'\necn = true\n"
                          "no_delay = false\nkeep_alive = '2h'\nlisten_backlog = 64\n"));
  EXPECT_EQ(config->tcp.syn_cookies, SynCookies::on);
  EXPECT_EQ(config->tcp.congestion_control, CongestionControl::bbr);
  EXPECT_TRUE(config->tcp.ecn);
  EXPECT_FALSE(config->tcp.no_delay);
  EXPECT_EQ(config->tcp.keep_alive, hours(2));
  EXPECT_EQ(config->tcp.listen_backlog, 64u);
}

TEST(ConfigLoad, APortMayHaveAVlanRoutesAndAnExceptionDevice) {
  const auto config = loaded(R"(
hostname = "mx.example.com"
[[port]]
name = "mx0"
device = "net_tap0"
address = ["192.0.2.10/24", "2001:db8::10/64"]
gateway = ["192.0.2.1", "fe80::1"]
vlan = 42
router_advertisements = true
conflict_detection = false
exception = "tap,iface=mgmt0"
[[port.route]]
prefix = "198.51.100.0/24"
via = "192.0.2.2"
[[port.route]]
prefix = "2001:db8:7::/48"
via = "2001:db8::2"
[[listener]]
name = "a"
bind = "mx0:25"
)");
  const Port& port = config->ports.at(0);
  EXPECT_EQ(port.vlan, 42);
  EXPECT_TRUE(port.router_advertisements);
  EXPECT_FALSE(port.conflict_detection);
  EXPECT_EQ(port.exception, "tap,iface=mgmt0");
  ASSERT_EQ(port.routes.size(), 2u);
  EXPECT_EQ(port.routes[1].prefix.text(), "2001:db8:7::/48");
  EXPECT_EQ(port.routes[1].via.text(), "2001:db8::2");
}

TEST(ConfigLoad, AFileThatIsNotThereIsOneProblem) {
  const auto result = load_file("/nonexistent/sluice.toml", kMachine);
  ASSERT_FALSE(result);
  EXPECT_EQ(text_of(result.error()),
            "/nonexistent/sluice.toml: it cannot be opened: No such file or directory\n");
}

TEST(ConfigLoad, AFolderInPlaceOfTheFileIsOneProblem) {
  const auto result = load_file("/", kMachine);
  ASSERT_FALSE(result);
  EXPECT_EQ(text_of(result.error()), "/: it cannot be read: Is a directory\n");
}

TEST(ConfigLoad, AnEndlessTextIsNotParsed) {
  EXPECT_FALSE(load_text(std::string(5'000'000, '#'), "sluice.toml", kMachine));
}

}  // namespace
}  // namespace sluice::config
