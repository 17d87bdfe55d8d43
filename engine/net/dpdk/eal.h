// The environment abstraction layer of DPDK: its arguments, its memory, its messages.
#pragma once

#include <cstdio>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "engine/net/dpdk/dpdk.h"

namespace sluice::net {

// While it lives, what DPDK would print goes into text(); afterwards only critical messages are
// printed, to standard error.
class EalMessages {
 public:
  EalMessages();
  ~EalMessages();
  EalMessages(const EalMessages&) = delete;
  EalMessages& operator=(const EalMessages&) = delete;
  std::string text();  // so far, on one line

 private:
  char* buffer_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

bool is_pci_address(std::string_view device);
// The name by which DPDK knows the device: "net_tap0", "0000:3b:00.0".
std::string device_name(std::string_view device);

// MiB of DPDK memory for the packet pools and the drivers' rings.
std::uint64_t memory_needed_mib(const DpdkOptions& options);
// MiB of free hugepages of all sizes.
std::uint64_t free_hugepages_mib();

// Whether to use hugepages, or why the options cannot be met.
std::expected<bool, std::string> choose_hugepages(const DpdkOptions& options);
std::vector<std::string> eal_arguments(const DpdkOptions& options, bool hugepages);

// Leaves the calling thread on the CPUs that it was on.
std::expected<void, std::string> start_eal(const std::vector<std::string>& arguments,
                                           unsigned main_cpu, EalMessages& messages);

}  // namespace sluice::net
