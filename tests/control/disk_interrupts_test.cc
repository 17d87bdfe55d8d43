#include "engine/control/disk_interrupts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A machine whose disk (that of the temporary folder) is a virtio one with a single request queue.
class DiskInterrupts : public testing::Test {
 protected:
  DiskInterrupts() {
    struct stat status;
    EXPECT_EQ(stat(folder_.path().c_str(), &status), 0);
    fs::create_directories(disk() / "mq/0");
    fs::create_directories(pci() / "msi_irqs");
    fs::create_directory_symlink(pci() / "virtio1", disk() / "device");
    fs::create_directories(sys() / "dev/block");
    fs::create_directory_symlink(
        disk(), sys() / fmt::format("dev/block/{}:{}", major(status.st_dev), minor(status.st_dev)));
    interrupt("35", "virtio1-config", "0");
    interrupt("36", "virtio1-req.0", "1,3-4");
  }
  fs::path sys() const { return fs::path(folder_.path()) / "sys"; }
  fs::path proc() const { return fs::path(folder_.path()) / "proc"; }
  fs::path pci() const { return sys() / "devices/pci0000:00/0000:00:02.0"; }
  fs::path disk() const { return pci() / "virtio1/block/vda"; }

  void interrupt(const std::string& number, const std::string& name, const std::string& cpus) {
    write(pci() / "msi_irqs" / number, "msix");
    write(sys() / "kernel/irq" / number / "actions", name);
    write(proc() / "irq" / number / "effective_affinity_list", cpus);
  }
  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  }
  std::vector<DiskInterrupt> found() const {
    return disk_interrupts(folder_.path() + "/not/there/yet", sys(), proc());
  }

  queueing::TemporaryDirectory folder_;
};

TEST_F(DiskInterrupts, TheOneOfTheRequestQueueCountsWhereverTheFolderWillBe) {
  const auto interrupts = found();
  ASSERT_EQ(interrupts.size(), 1u);
  EXPECT_EQ(interrupts[0].number, 36u);
  EXPECT_THAT(interrupts[0].cpus, ElementsAre(1, 3, 4));
}

TEST_F(DiskInterrupts, ADiskWithAQueueForEachCpuAnswersWhereItWasAsked) {
  for (int queue = 0; queue < 1'024; ++queue)
    fs::create_directories(disk() / "mq" / std::to_string(queue));
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(DiskInterrupts, WorkersThatSpinOnSuchACpuAreNamedWithWhatToDo) {
  config::Config config;
  config.cores.workers = {2, 3};
  config.cores.idle = config::IdlePolicy::spin;
  EXPECT_THAT(disk_interrupt_warnings(config, found()),
              ElementsAre(AllOf(HasSubstr("CPU 3"), HasSubstr("/proc/irq/36/smp_affinity_list"))));
  config.cores.workers = {0, 2};
  EXPECT_THAT(disk_interrupt_warnings(config, found()), IsEmpty());
  config.cores.workers = {3};
  config.cores.idle = config::IdlePolicy::adaptive;
  EXPECT_THAT(disk_interrupt_warnings(config, found()), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
