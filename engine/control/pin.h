// Keeps the calling thread on one CPU.
#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

// Empty, or what is wrong with the CPU that the configuration names under `key`.
std::string pin_to(unsigned cpu, std::string_view key);

}  // namespace sluice::control
