// The names of system calls' constants.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::script {

std::optional<std::int64_t> constant(std::string_view name);
const char* errno_name(int error);  // "EAGAIN"

}  // namespace sluice::script
