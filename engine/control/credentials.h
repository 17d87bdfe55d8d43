// The files with user names and passwords that routes name.
#pragma once

#include <expected>
#include <string>

#include "engine/smtp/credentials.h"

namespace sluice::control {

// A line with the user name and one with the password, in a file that nobody else can read. The
// error names the file and the fault, never its content.
std::expected<smtp::Credentials, std::string> read_credentials(const std::string& path);

}  // namespace sluice::control
