// The rule file (TOML):
//
//   [[rule]]
//   name = "ADVANCE_FEE"            # A-Z a-z 0-9 _ . -, at most 48; unique over all files
//   place = "body"                  # header, part, body, raw, or a header field: "subject"
//   expression = 'next of kin'      # Hyperscan's part of PCRE; octets, so write UTF-8 as it is
//   flags = ["caseless"]            # caseless, dotall, multiline
//   score = 2.5                     # -1000 to 1000; negative speaks for the message
//   description = "for the reader"
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/problem.h"
#include "scanners/rules/rule.h"

namespace sluice::scan {

// Appends the file's rules in file order and all its problems.
void read_rule_file(const std::string& path, std::vector<Rule>& rules, config::Problems& problems);
void parse_rules(std::string_view text, const std::string& path, std::vector<Rule>& rules,
                 config::Problems& problems);

}  // namespace sluice::scan
