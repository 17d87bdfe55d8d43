// The LogDevice over real files: io_uring where the kernel allows it, otherwise a thread for writes
// and syncs; a helper thread makes and removes segments (and reads, without io_uring).
#pragma once

#include <memory>

#include "queueing/log_device.h"

namespace sluice::queueing {

std::unique_ptr<LogDevice> make_file_device(bool io_uring);

}  // namespace sluice::queueing
