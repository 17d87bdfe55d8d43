#include "engine/policy/listener.h"

namespace sluice::policy {
namespace {

config::Listener listener(std::string name, std::string port, std::string_view address,
                          std::uint16_t tcp_port) {
  config::Listener made;
  made.name = std::move(name);
  made.port_name = std::move(port);
  if (!address.empty()) made.address = *IpAddress::parse(address);
  made.tcp_port = tcp_port;
  return made;
}

std::string found(const config::Config& config, std::string_view port, std::string_view local) {
  const config::Listener* hit = find_listener(config, port, *Endpoint::parse(local));
  return hit == nullptr ? "" : hit->name;
}

TEST(FindListener, TheBoundAddressWinsOverAllAddresses) {
  config::Config config;
  config.listeners = {listener("all", "", "0.0.0.0", 25), listener("one", "", "192.0.2.1", 25)};
  EXPECT_EQ(found(config, "", "192.0.2.1:25"), "one");
  EXPECT_EQ(found(config, "", "192.0.2.2:25"), "all");
  EXPECT_EQ(found(config, "", "192.0.2.1:26"), "");
}

TEST(FindListener, AListenerOfAPortTakesNoKernelConnection) {
  config::Config config;
  config.listeners = {listener("mx", "mx0", "", 25)};
  EXPECT_EQ(found(config, "mx0", "192.0.2.1:25"), "mx");
  EXPECT_EQ(found(config, "mx0", "[2001:db8::1]:25"), "mx");
  EXPECT_EQ(found(config, "mx1", "192.0.2.1:25"), "");
  EXPECT_EQ(found(config, "", "192.0.2.1:25"), "");
}

}  // namespace
}  // namespace sluice::policy
