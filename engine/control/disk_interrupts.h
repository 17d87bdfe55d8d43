// Where the interrupts of the queue's disk end. A disk with one request queue for all CPUs has one
// interrupt, and if that ends on a CPU where a worker polls, a part of each sync (the kernel's
// kblockd) waits there for the worker's time slice: milliseconds instead of microseconds.
#pragma once

#include <string>
#include <vector>

#include "engine/config/config.h"

namespace sluice::control {

struct DiskInterrupt {
  unsigned number = 0;
  std::string name;            // as in /proc/interrupts
  std::vector<unsigned> cpus;  // where it is delivered
};

// Of the disk that holds `directory` (or the nearest folder above it that is there); empty where
// the kernel does not say, and for a disk with a request queue for each CPU. `sys` and `proc`: the
// folders of those names.
std::vector<DiskInterrupt> disk_interrupts(const std::string& directory,
                                           const std::string& sys = "/sys",
                                           const std::string& proc = "/proc");

// One line for each CPU that the queue's disk interrupts while a worker spins there, with what to
// do.
std::vector<std::string> disk_interrupt_warnings(const config::Config& config,
                                                 const std::vector<DiskInterrupt>& interrupts);

}  // namespace sluice::control
