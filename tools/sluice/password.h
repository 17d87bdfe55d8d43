// Passwords come from the terminal, a file or standard input; never from the command line, which
// every user of the machine can read.
#pragma once

#include <expected>
#include <string>

#include "tls/secret.h"

namespace sluice::tools {

// `source`: "" the terminal, "-" standard input, else a file; its first line counts. `twice`: a new
// password is asked for again on the terminal.
std::expected<tls::Secret, std::string> read_password(const std::string& source, bool twice);

}  // namespace sluice::tools
