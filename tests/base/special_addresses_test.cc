#include "engine/base/special_addresses.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SpecialAddresses, OnlyWhatEverybodyReachesIsGlobal) {
  for (const char* text : {"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
                           "172.15.255.255", "172.32.0.0", "192.0.1.0", "223.255.255.255",
                           "2001:4860:4860::8888", "2a00::1", "2001:200::1"})
    EXPECT_TRUE(is_global(*IpAddress::parse(text))) << text;
}

TEST(SpecialAddresses, LoopbackPrivateAndTranslatedOnesAreNot) {
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "127.0.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.168.0.1",
                           "198.18.0.1",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "100::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:a00:1::1",
                           "3fff::1",
                           "fc00::1",
                           "fd12::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "4000::1"})
    EXPECT_FALSE(is_global(*IpAddress::parse(text))) << text;
}

}  // namespace
}  // namespace sluice
