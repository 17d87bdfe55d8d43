#include "engine/control/disk_meter.h"

#include <sys/statvfs.h>

namespace sluice::control {

void DiskMeter::poll(Instant now, const std::string& directory) noexcept {
  if (now < due_) return;
  due_ = now + kPeriod;
  struct statvfs room;
  if (statvfs(directory.c_str(), &room) != 0) return;  // the last value stays
  const std::uint64_t used = room.f_blocks - room.f_bfree;
  const std::uint64_t all = used + room.f_bavail;
  if (all > 0) used_percent_.store(static_cast<std::uint32_t>(used * 100 / all));
}

}  // namespace sluice::control
