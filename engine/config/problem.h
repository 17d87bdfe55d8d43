// A fault in the operator's input: place, what was given, what is allowed. All are collected, none
// stops the search for the next.
#pragma once

#include <string>
#include <vector>

namespace sluice::config {

struct Problem {
  std::string file;
  int line = 0;    // 1-based; 0 = the whole file
  int column = 0;
  std::string where;  // "listener \"inbound\"", "scan.reject"
  std::string what;   // "sessions 900000 is above 65536; …"

  std::string text() const;  // "file:line:column: where: what"
};

using Problems = std::vector<Problem>;

}  // namespace sluice::config
