#include "engine/control/disk_interrupts.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::size_t entries(const fs::path& folder) {
  std::error_code fault;
  const fs::directory_iterator all(folder, fault);
  return fault ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0-2,5"
std::vector<unsigned> cpu_list(std::string_view text) {
  std::vector<unsigned> cpus;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const auto dash = item.find('-');
    const auto first = number(item.substr(0, dash));
    const auto last = dash == item.npos ? first : number(item.substr(dash + 1));
    if (!first || !last) return {};
    for (unsigned cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::optional<fs::path> block_device(fs::path directory, const fs::path& sys) {
  struct stat status;
  while (stat(directory.c_str(), &status) != 0) {
    if (!directory.has_relative_path()) return std::nullopt;
    directory = directory.parent_path();
  }
  std::error_code fault;
  fs::path device = fs::canonical(
      sys / fmt::format("dev/block/{}:{}", major(status.st_dev), minor(status.st_dev)), fault);
  if (fault) return std::nullopt;  // no disk: tmpfs, overlay
  return fs::exists(device / "partition", fault) ? device.parent_path() : device;
}

}  // namespace

std::vector<DiskInterrupt> disk_interrupts(const std::string& directory, const std::string& sys,
                                           const std::string& proc) {
  const auto disk = block_device(fs::absolute(directory), sys);
  if (!disk || entries(*disk / "mq") >= std::thread::hardware_concurrency()) return {};
  std::vector<DiskInterrupt> found;
  std::error_code fault;
  // virtio: the interrupts are those of the PCI device above.
  for (fs::path owner = fs::canonical(*disk / "device", fault);
       !fault && owner != owner.root_path(); owner = owner.parent_path()) {
    if (!fs::is_directory(owner / "msi_irqs")) continue;
    for (const auto& entry : fs::directory_iterator(owner / "msi_irqs", fault)) {
      const std::string text = entry.path().filename();
      const auto irq = number(text);
      const std::string name = first_line(fs::path(sys) / "kernel/irq" / text / "actions");
      if (!irq || name.empty() || name.find("config") != name.npos) continue;
      found.push_back(
          {*irq, name,
           cpu_list(first_line(fs::path(proc) / "irq" / text / "effective_affinity_list"))});
    }
    break;
  }
  std::ranges::sort(found, {}, &DiskInterrupt::number);
  return found;
}

std::vector<std::string> disk_interrupt_warnings(const config::Config& config,
                                                 const std::vector<DiskInterrupt>& interrupts) {
  std::vector<std::string> warnings;
  if (config.cores.idle != config::IdlePolicy::spin) return warnings;  // an idle worker lets go
  for (const DiskInterrupt& interrupt : interrupts)
    for (const unsigned cpu : interrupt.cpus)
      if (std::ranges::find(config.cores.workers, cpu) != config.cores.workers.end())
        warnings.push_back(fmt::format(
            "the disk of queue.directory interrupts CPU {} (interrupt {}, {}), where a worker "
            "polls: "
            "syncs may wait milliseconds there; give the interrupt to another CPU in "
            "/proc/irq/{}/smp_affinity_list, or the worker another CPU in cores.workers",
            cpu, interrupt.number, interrupt.name, interrupt.number));
  return warnings;
}

}  // namespace sluice::control
