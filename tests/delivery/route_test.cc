#include "engine/delivery/route.h"

namespace sluice::delivery {
namespace {

std::vector<config::Route> routes(std::vector<std::string> domains) {
  std::vector<config::Route> made;
  for (std::string& domain : domains) made.push_back({.domain = std::move(domain)});
  return made;
}

TEST(Route, TheFirstMatchInTheConfigurationWins) {
  const auto table = routes({"mail.example.com", ".example.com", "example.com", "*", "late.test"});
  EXPECT_EQ(find_route(table, "MAIL.example.com"), 0u);
  EXPECT_EQ(find_route(table, "a.b.example.com"), 1u);
  EXPECT_EQ(find_route(table, "Example.Com"), 2u);
  EXPECT_EQ(find_route(table, "late.test"), 3u);
}

TEST(Route, NoMatchIsNoRoute) {
  EXPECT_FALSE(find_route(routes({"example.com", ".example.org"}), "example.org"));
  EXPECT_FALSE(find_route({}, "example.org"));
}

TEST(Route, ABarePostmasterIsOfThisHost) {
  EXPECT_EQ(routing_domain("postmaster", "mx.example.com"), "mx.example.com");
  EXPECT_EQ(routing_domain("\"a@b\"@example.org", "mx.example.com"), "example.org");
}

}  // namespace
}  // namespace sluice::delivery
