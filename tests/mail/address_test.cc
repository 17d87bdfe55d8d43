#include "engine/mail/address.h"

#include <gtest/gtest.h>

namespace sluice::mail {

TEST(AddressMailbox, AcceptsWhatRfc5321Writes) {
  for (const char* text :
       {"a@b", "first.last@example.com", "\"two words\"@example.com", "\"a@b\"@example.com",
        "\"q\\\"q\"@example.com", "\"\"@example.com", "!#$%&'*+-/=?^_`{|}~@example.com",
        "user@[192.0.2.1]", "user@[IPv6:2001:db8::1]", "user@[ipv6:::1]", "user@[tag:anything]",
        "user@xn--bcher-kva.example", "\u0430\u043d\u0434\u0440\u0456\u0441@\u043f\u0440.example",
        "user@1.example", "user@a-b.example"})
    EXPECT_TRUE(parse_mailbox(text)) << text;
}

TEST(AddressMailbox, RefusesEverythingElse) {
  for (const char* text : {"",
                           "@",
                           "a",
                           "a@",
                           "@b",
                           ".a@b",
                           "a.@b",
                           "a..b@c",
                           "a b@c",
                           "a@b c",
                           "a@-b",
                           "a@b-",
                           "a@b..c",
                           "a@b.",
                           "a@.b",
                           "\"a@b",
                           "\"a\"b@c",
                           "\"a\\\x01\"@b",
                           "a@[192.0.2.256]",
                           "a@[IPv6:192.0.2.1]",
                           "a@[IPv6:zz::]",
                           "a@[]",
                           "a@[tag:]",
                           "a@[:x]",
                           "a@[192.0.2.1",
                           "a@b@c",
                           "<a@b>",
                           "a(c)@b",
                           "a,b@c",
                           "a:b@c",
                           "a@b_c"})
    EXPECT_FALSE(parse_mailbox(text)) << text;
}

TEST(AddressMailbox, SplitsAtTheLastAtSign) {
  const auto mailbox = parse_mailbox("\"a@b\"@example.com");
  ASSERT_TRUE(mailbox);
  EXPECT_EQ(mailbox->local_part, "\"a@b\"");
  EXPECT_EQ(mailbox->domain, "example.com");
}

TEST(AddressMailbox, HoldsTheLengthLimitsOfRfc5321) {
  const std::string local(64, 'a');
  EXPECT_TRUE(parse_mailbox(local + "@example.com"));
  EXPECT_EQ(parse_mailbox(local + "a@example.com").error(), AddressError::local_part_too_long);
  EXPECT_TRUE(parse_mailbox("a@" + std::string(63, 'b')));
  EXPECT_FALSE(parse_mailbox("a@" + std::string(64, 'b')));
  std::string domain = "b";
  for (int i = 0; i < 127; ++i) domain += ".b";  // 255 octets
  EXPECT_TRUE(parse_mailbox("a@" + domain));
  EXPECT_EQ(parse_mailbox("a@" + domain + "c").error(), AddressError::domain_too_long);
  EXPECT_EQ(parse_forward_path("<a@" + domain + ">").error(), AddressError::path_too_long);
}

struct PathRow {
  const char* text;
  const char* mailbox;  // nullptr = refused
  std::size_t length;
};

TEST(AddressPath, ReversePaths) {
  const PathRow rows[] = {
      {"<>", "", 2},
      {"<> SIZE=1", "", 2},
      {"<a@b> BODY=7BIT", "a@b", 5},
      {"<@r.example,@s.example:a@b>", "a@b", 27},
      {"<\"a>b\"@c>", "\"a>b\"@c", 9},
      {"a@b", nullptr, 0},
      {"<a@b", nullptr, 0},
      {"< a@b>", nullptr, 0},
      {"<a>", nullptr, 0},
      {"<postmaster>", nullptr, 0},
      {"<@r.example a@b>", nullptr, 0},
      {"", nullptr, 0},
  };
  for (const PathRow& row : rows) {
    const auto path = parse_reverse_path(row.text);
    ASSERT_EQ(path.has_value(), row.mailbox != nullptr) << row.text;
    if (!path) continue;
    EXPECT_EQ(path->mailbox, row.mailbox);
    EXPECT_EQ(path->length, row.length);
  }
}

TEST(AddressPath, ForwardPathMayBePostmasterButNotNull) {
  EXPECT_EQ(parse_forward_path("<PostMaster>")->mailbox, "PostMaster");
  EXPECT_EQ(parse_forward_path("<postmaster@b>")->mailbox, "postmaster@b");
  EXPECT_FALSE(parse_forward_path("<>"));
  EXPECT_FALSE(parse_forward_path("<postmasters>"));
}

TEST(AddressDomain, IsWhatFollowsTheLastAtSign) {
  EXPECT_EQ(domain_of("a@example.com"), "example.com");
  EXPECT_EQ(domain_of("\"a@b\"@[192.0.2.1]"), "[192.0.2.1]");
  EXPECT_EQ(domain_of("postmaster"), "");
  EXPECT_EQ(domain_of(""), "");
  EXPECT_EQ(local_part_of("\"a@b\"@c"), "\"a@b\"");
  EXPECT_EQ(local_part_of("postmaster"), "postmaster");
}

TEST(AddressDomain, KnowsDomainsFromLiterals) {
  EXPECT_TRUE(is_domain("mail.example.com"));
  EXPECT_FALSE(is_domain("[192.0.2.1]"));
  EXPECT_FALSE(is_domain("bad domain"));
  EXPECT_TRUE(is_address_literal("[192.0.2.1]"));
  EXPECT_FALSE(is_address_literal("192.0.2.1"));
}

}  // namespace sluice::mail
