#include "engine/config/next_hop.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using Kind = NextHop::Kind;

TEST(ConfigNextHop, EachFormIsReadAndShown) {
  const struct {
    const char* text;
    Kind kind;
    const char* name;
    std::uint16_t port;
    const char* shown;
  } forms[] = {
      {"192.0.2.25:587", Kind::address, "", 587, "192.0.2.25:587"},
      {"[2001:db8::1]:25", Kind::address, "", 25, "[2001:db8::1]:25"},
      {"[192.0.2.25]", Kind::address, "", 25, "192.0.2.25:25"},
      {"[2001:db8::1]", Kind::address, "", 25, "[2001:db8::1]:25"},
      {"example.net", Kind::domain, "example.net", 25, "example.net"},
      {"example.net:2525", Kind::domain, "example.net", 2525, "example.net:2525"},
      {"[smtp.example.net]:587", Kind::host, "smtp.example.net", 587, "[smtp.example.net]:587"},
      {"[smtp]", Kind::host, "smtp", 25, "[smtp]"},
      {"unix:/run/dovecot/lmtp", Kind::socket, "/run/dovecot/lmtp", 0, "unix:/run/dovecot/lmtp"},
  };
  for (const auto& form : forms) {
    const auto hop = NextHop::parse(form.text);
    ASSERT_TRUE(hop) << form.text;
    EXPECT_EQ(hop->kind, form.kind) << form.text;
    EXPECT_EQ(hop->name, form.name) << form.text;
    EXPECT_EQ(hop->endpoint.port, form.port) << form.text;
    EXPECT_EQ(hop->text(), form.shown);
    EXPECT_EQ(NextHop::parse(hop->text()), hop);
  }
}

TEST(ConfigNextHop, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "mx", "192.0.2.25", "192.0.2", "192.0.2.25:", "example.net:0", "example.net:65536",
        "example.net:smtp", "[example.net", "[example.net]25", "[]", "exa mple.net",
        "unix:run/lmtp", "unix:", ".example.net", "example.net.", "2001:db8::1"})
    EXPECT_FALSE(NextHop::parse(text)) << text;
  EXPECT_FALSE(NextHop::parse("unix:/" + std::string(107, 'x')));
}

}  // namespace
}  // namespace sluice::config
