#include "tools/loadgen/options.h"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

Options parse(std::vector<std::string> words) {
  words.insert(words.begin(), "loadgen");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(LoadOptions, TakeLoopbackAndTestNetworksOnly) {
  for (const char* free : {"127.0.0.1", "127.9.9.9", "::1", "192.0.2.10", "198.51.100.1",
                           "203.0.113.255", "198.19.255.255", "2001:db8::25"})
    EXPECT_TRUE(is_test_address(*IpAddress::parse(free))) << free;
  for (const char* foreign : {"8.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "192.0.3.1",
                              "128.0.0.1", "198.20.0.1", "2001:db9::1", "fd00::1", "0.0.0.0"})
    EXPECT_FALSE(is_test_address(*IpAddress::parse(foreign))) << foreign;
}

TEST(LoadOptions, RefuseAForeignTargetUnlessItIsOwned) {
  EXPECT_EXIT(parse({"--target", "10.1.2.3:25"}), testing::ExitedWithCode(2), "i-own-this-network");
  EXPECT_EQ(parse({"--target", "10.1.2.3:25", "--i-own-this-network"}).target,
            *Endpoint::parse("10.1.2.3:25"));
}

TEST(LoadOptions, AreBoundedEvenWhenNothingIsSaid) {
  const Options options = parse({});
  EXPECT_EQ(options.messages, 1'000U);
  EXPECT_LE(options.time_limit, minutes(10));
  EXPECT_EQ(options.target, *Endpoint::parse("127.0.0.1:2525"));
}

TEST(LoadOptions, NeedADeviceForDpdk) {
  EXPECT_EXIT(parse({"--transport", "dpdk"}), testing::ExitedWithCode(2), "--device");
  EXPECT_TRUE(parse({"--transport", "dpdk", "--device", "net_null0"}).over_dpdk);
}

}  // namespace
}  // namespace sluice::load
