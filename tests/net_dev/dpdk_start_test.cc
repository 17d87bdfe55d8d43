// What can go wrong at start. The EAL starts once per process, so each case that gets so far runs
// in a process of its own (a death test in the threadsafe style executes the binary anew).
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/net/dpdk/dpdk.h"
#include "engine/net/dpdk/eal.h"
#include "engine/net/dpdk/vhost_socket.h"

namespace sluice::net {
namespace {

DpdkOptions options_for(const std::string& device, unsigned workers = 1) {
  DpdkOptions options;
  options.hugepages = DpdkOptions::HugePages::off;
  options.memory_mib = 96;
  options.workers = workers;
  options.ports = {{.name = "mx0", .device = device, .packets = 1'023}};
  return options;
}

[[noreturn]] void start_and_tell(const DpdkOptions& options) {
  auto dpdk = Dpdk::start(options);
  std::fputs(dpdk ? "it started" : dpdk.error().c_str(), stderr);
  std::fflush(stderr);
  _exit(0);
}

class DpdkStartDeathTest : public ::testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
  static void expect_text(const DpdkOptions& options, const char* expression) {
    EXPECT_EXIT(start_and_tell(options), ::testing::ExitedWithCode(0), expression);
  }
};

TEST_F(DpdkStartDeathTest, ADeviceThatDoesNotProbeIsNamed) {
  expect_text(options_for("net_virtio_user0,path=/nonexistent/socket"),
              "port mx0: the device did not start .net_virtio_user0,path=/nonexistent/socket");
}

TEST_F(DpdkStartDeathTest, ADeviceWithTooFewTransmitQueuesIsRefused) {
  const std::string path = ::testing::TempDir() + "sluice_few_queues.sock";
  expect_text(options_for("net_vhost0,iface=" + path + ",queues=1", 2),
              "net_vhost0.* has 1 transmit queues and 2 workers need one each.*queues=2");
}

TEST_F(DpdkStartDeathTest, AnMtuBeyondThePacketRoomIsRefused) {
  DpdkOptions options = options_for("net_null0");
  options.ports[0].mtu = 9'000;
  expect_text(options, "port mx0: mtu = 9000 is above the largest possible, 2030");
}

TEST(DpdkStart, TooLittleMemoryIsRefusedWithTheAmountNeeded) {
  DpdkOptions options = options_for("net_null0", 4);
  options.ports[0].packets = 1 << 20;
  const auto dpdk = Dpdk::start(options);
  ASSERT_FALSE(dpdk);
  EXPECT_EQ(dpdk.error(),
            "memory.dpdk_mib = 96 is too small: 4 workers and 1 ports with their "
            "packets and 0 MiB of tables need 10272 MiB");
}

TEST(DpdkStart, RequiredHugepagesThatAreNotThereAreNamed) {
  DpdkOptions options = options_for("net_null0");
  options.hugepages = DpdkOptions::HugePages::required;
  options.ports[0].packets = 1u << 31;
  const auto dpdk = Dpdk::start(options);
  ASSERT_FALSE(dpdk);
  EXPECT_NE(dpdk.error().find("sysctl vm.nr_hugepages=2621456"), std::string::npos);
}

TEST(DpdkStart, ProbesNoPciDeviceUnlessOneIsConfigured) {
  const auto has = [](const std::vector<std::string>& all, const std::string& wanted) {
    return std::find(all.begin(), all.end(), wanted) != all.end();
  };
  const auto none = eal_arguments(options_for("net_null0"), false);
  EXPECT_TRUE(has(none, "--no-pci"));
  EXPECT_TRUE(has(none, "--no-huge"));
  const auto one = eal_arguments(options_for("0000:3b:00.0"), true);
  EXPECT_FALSE(has(one, "--no-pci"));
  EXPECT_TRUE(has(one, "-a"));
  EXPECT_TRUE(has(one, "--in-memory"));
}

TEST(DpdkStart, KnowsPciAddressesAndDeviceNames) {
  EXPECT_TRUE(is_pci_address("0000:3b:00.0"));
  EXPECT_TRUE(is_pci_address("3b:00.1,queues=4"));
  EXPECT_FALSE(is_pci_address("net_tap0,iface=sluice0"));
  EXPECT_EQ(device_name("3b:00.1,queues=4"), "0000:3b:00.1");
  EXPECT_EQ(device_name("net_tap0,iface=sluice0"), "net_tap0");
}

class VhostSocketTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (listener_ >= 0) close(listener_);
    unlink(path_.c_str());
  }
  void listen_on_it() {
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener_, 1), 0);
  }

  std::string path_ = ::testing::TempDir() + "sluice_vhost_test.sock";
  std::string device_ = "net_vhost0,iface=" + path_ + ",queues=2";
  int listener_ = -1;
};

TEST_F(VhostSocketTest, OneThatADeadProcessLeftIsRemoved) {
  listen_on_it();
  close(listener_);
  listener_ = -1;
  EXPECT_TRUE(free_vhost_socket(device_));
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(VhostSocketTest, OneInUseIsNamedAndKept) {
  listen_on_it();
  const auto result = free_vhost_socket(device_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), path_ + " is in use by another process");
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(VhostSocketTest, AnOrdinaryFileIsNeverRemoved) {
  std::fclose(std::fopen(path_.c_str(), "w"));
  EXPECT_FALSE(free_vhost_socket(device_));
  remove_vhost_socket(device_);
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(VhostSocketTest, OnlyVhostServersHaveOne) {
  EXPECT_EQ(vhost_socket_path(device_), path_);
  EXPECT_EQ(vhost_socket_path("net_vhost0,iface=/x,client=1"), "");
  EXPECT_EQ(vhost_socket_path("net_tap0,iface=sluice0"), "");
}

}  // namespace
}  // namespace sluice::net
