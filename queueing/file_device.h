// The LogDevice over real files. A thread of its own writes and syncs, before all others of its
// CPU: every 250 waits for it. Reads go through io_uring where the kernel allows it; a helper
// thread makes and removes segments (and reads, without io_uring).
#pragma once

#include <memory>
#include <span>

#include "queueing/log_device.h"

namespace sluice::queueing {

// `helper_cpus`: where those threads and the kernel's own for io_uring run; empty = where the
// caller may. A data core polls without end, so they should not have to share its CPU.
std::unique_ptr<LogDevice> make_file_device(bool io_uring,
                                            std::span<const unsigned> helper_cpus = {});
// For a look at what is there; several at once may have it open, and an engine waits for them.
std::unique_ptr<LogDevice> make_reading_device();

}  // namespace sluice::queueing
