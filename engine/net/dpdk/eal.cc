#include "engine/net/dpdk/eal.h"

#include <dirent.h>
#include <fmt/format.h>
#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_pci.h>

#include <cstdlib>

#include "engine/net/dpdk/exception_device.h"
#include "engine/net/dpdk/mbuf_pool.h"

namespace sluice::net {
namespace {

constexpr std::uint64_t kDriverMib = 32;  // descriptor rings, link state, DPDK's own tables
constexpr const char* kHugePageFolder = "/sys/kernel/mm/hugepages";

std::uint64_t read_number(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long long value = 0;
  if (std::fscanf(file, "%llu", &value) != 1) value = 0;
  std::fclose(file);
  return value;
}

std::string_view before_arguments(std::string_view device) {
  return device.substr(0, device.find(','));
}

}  // namespace

EalMessages::EalMessages() : stream_(open_memstream(&buffer_, &size_)) {
  if (stream_ != nullptr) rte_openlog_stream(stream_);
}

EalMessages::~EalMessages() {
  rte_openlog_stream(nullptr);
  rte_log_set_global_level(RTE_LOG_CRIT);
  if (stream_ != nullptr) std::fclose(stream_);
  std::free(buffer_);
}

std::string EalMessages::text() {
  if (stream_ == nullptr) return {};
  std::fflush(stream_);
  std::string line;
  for (char c : std::string_view(buffer_, size_)) {
    if (c != '\n')
      line += c;
    else if (!line.empty())
      line += "; ";
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == ';')) line.pop_back();
  return line;
}

bool is_pci_address(std::string_view device) {
  rte_pci_addr address;
  return rte_pci_addr_parse(std::string(before_arguments(device)).c_str(), &address) == 0;
}

std::string device_name(std::string_view device) {
  const std::string name(before_arguments(device));
  rte_pci_addr address;
  if (rte_pci_addr_parse(name.c_str(), &address) != 0) return name;
  char text[PCI_PRI_STR_SIZE];
  rte_pci_device_name(&address, text, sizeof text);
  return text;
}

std::uint64_t memory_needed_mib(const DpdkOptions& options) {
  std::uint64_t octets = options.table_bytes;
  for (const DpdkPortOptions& port : options.ports)
    octets += std::uint64_t{port.packets + (port.exception.empty() ? 0 : kExceptionPackets)} *
              MbufPool::kBytesPerPacket * options.workers;
  return (octets >> 20) + kDriverMib;
}

std::uint64_t free_hugepages_mib() {
  DIR* folder = opendir(kHugePageFolder);
  if (folder == nullptr) return 0;
  std::uint64_t kib = 0;
  while (const dirent* entry = readdir(folder)) {
    unsigned long long size_kib = 0;
    if (std::sscanf(entry->d_name, "hugepages-%llukB", &size_kib) == 1)
      kib += size_kib *
             read_number(fmt::format("{}/{}/free_hugepages", kHugePageFolder, entry->d_name));
  }
  closedir(folder);
  return kib >> 10;
}

std::expected<bool, std::string> choose_hugepages(const DpdkOptions& options) {
  using HugePages = DpdkOptions::HugePages;
  const std::uint64_t needed = memory_needed_mib(options);
  const std::uint64_t free = options.hugepages == HugePages::off ? 0 : free_hugepages_mib();
  if (options.hugepages != HugePages::off && free >= needed) return true;
  if (options.hugepages == HugePages::required)
    return std::unexpected(
        fmt::format("hugepages are required: {} MiB are needed, {} MiB are free; reserve them with "
                    "\"sysctl vm.nr_hugepages={}\"",
                    needed, free, (needed + 1) / 2));
  if (needed > options.memory_mib)
    return std::unexpected(
        fmt::format("memory.dpdk_mib = {} is too small: {} workers and {} ports with their "
                    "packets and {} MiB of tables need {} MiB",
                    options.memory_mib, options.workers, options.ports.size(),
                    options.table_bytes >> 20, needed));
  return false;
}

std::vector<std::string> eal_arguments(const DpdkOptions& options, bool hugepages) {
  std::vector<std::string> arguments{"sluice", "--lcores", fmt::format("0@{}", options.main_cpu),
                                     "--log-level=error", "--no-telemetry"};
  if (hugepages) {
    arguments.insert(arguments.end(), {"--in-memory", "--single-file-segments"});
  } else {
    arguments.insert(arguments.end(),
                     {"--no-huge", "-m", std::to_string(options.memory_mib), "--no-shconf"});
  }
  bool any_pci = false;
  for (const DpdkPortOptions& port : options.ports) {
    const bool pci = is_pci_address(port.device);
    any_pci |= pci;
    arguments.insert(arguments.end(), {pci ? "-a" : "--vdev", port.device});
  }
  if (!any_pci) arguments.push_back("--no-pci");
  return arguments;
}

std::expected<void, std::string> start_eal(const std::vector<std::string>& arguments,
                                           unsigned main_cpu, EalMessages& messages) {
  static bool started = false;
  if (started) return std::unexpected("DPDK can be started only once in a process");
  started = true;
  cpu_set_t cpus;
  pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);
  // The threads that DPDK starts for itself (interrupts, vhost events) take over where this one may
  // run: not on the workers' CPUs.
  cpu_set_t control;
  CPU_ZERO(&control);
  CPU_SET(main_cpu, &control);
  pthread_setaffinity_np(pthread_self(), sizeof control, &control);
  std::vector<std::string> copies = arguments;  // rte_eal_init moves the pointers about
  std::vector<char*> pointers;
  for (std::string& argument : copies) pointers.push_back(argument.data());
  const int result = rte_eal_init(static_cast<int>(pointers.size()), pointers.data());
  const int error = rte_errno;
  pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  if (result < 0)
    return std::unexpected(
        fmt::format("DPDK does not start: {}: {}", rte_strerror(error), messages.text()));
  return {};
}

}  // namespace sluice::net
