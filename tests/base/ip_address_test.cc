#include "engine/base/ip_address.h"

namespace sluice {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  EXPECT_EQ(IpAddress::parse("192.0.2.10")->text(), "192.0.2.10");
  EXPECT_TRUE(IpAddress::parse("192.0.2.10")->is_v4());
  EXPECT_EQ(IpAddress::parse("2001:DB8:0:0::1")->text(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("192.0.2.10")->v4(), 0xc000020au);
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "1.2.3.4.5", "2001:::1", "example.com"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse({}));  // a view of nothing has no octets to copy
}

TEST(Endpoint, NeedsBracketsAroundIpv6) {
  EXPECT_EQ(Endpoint::parse("192.0.2.1:25")->text(), "192.0.2.1:25");
  EXPECT_EQ(Endpoint::parse("[2001:db8::1]:25")->text(), "[2001:db8::1]:25");
  EXPECT_FALSE(Endpoint::parse("2001:db8::1:25"));
  EXPECT_FALSE(Endpoint::parse("192.0.2.1"));
  EXPECT_FALSE(Endpoint::parse("192.0.2.1:65536"));
}

TEST(Prefix, ContainsByBits) {
  const auto prefix = Prefix::parse("192.0.2.128/25").value();
  EXPECT_TRUE(prefix.contains(*IpAddress::parse("192.0.2.255")));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("192.0.2.127")));
  EXPECT_FALSE(prefix.contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("8.8.8.8")));
  EXPECT_TRUE(Prefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
  EXPECT_FALSE(Prefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
}

TEST(Prefix, RefusesLengthsBeyondTheFamily) {
  EXPECT_FALSE(Prefix::parse("192.0.2.0/33"));
  EXPECT_FALSE(Prefix::parse("2001:db8::/129"));
  EXPECT_EQ(Prefix::parse("192.0.2.1")->length, 32);
}

}  // namespace sluice
