// A small file that nobody else may read.
#pragma once

#include <expected>
#include <string>

namespace sluice::control {

// Its content. The error names the file and says what is wrong, a mode that lets others read it
// among that.
std::expected<std::string, std::string> read_secret_file(const std::string& path);

}  // namespace sluice::control
