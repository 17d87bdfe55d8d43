#include "engine/control/pin.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <cstring>

namespace sluice::control {

std::string pin_to(unsigned cpu, std::string_view key) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  return error == 0 ? ""
                    : fmt::format("{}: cannot run on CPU {}: {}", key, cpu, std::strerror(error));
}

}  // namespace sluice::control
