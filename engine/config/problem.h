// A fault in the operator's input: place, what was given, what is allowed. All are collected, none
// stops the search for the next.
#pragma once

#include <string>
#include <vector>

namespace sluice::config {

struct Problem {
  std::string file;
  int line = 0;       // 1-based; 0 = the whole file
  int column = 0;     // 1-based, in octets; 0 = the whole line
  std::string where;  // listener "inbound", scan
  std::string what;   // recipients_max 0 is below 1; allowed: …

  std::string text() const;  // "file:line:column: where: what"
};

using Problems = std::vector<Problem>;

// One line per problem, in the order of the file.
std::string text_of(const Problems& problems);

}  // namespace sluice::config
