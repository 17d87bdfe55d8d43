// `sluice rules hits` and `sluice rules bench`: rules over real messages, one by one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanners/spamassassin/program.h"

namespace sluice::tools {

// Which rules hit each message, and where: the text around the first match.
int show_hits(const std::shared_ptr<const scan::sa::Program>& program,
              const std::vector<std::string>& paths, bool helpers, bool as_json);

// What the messages cost with all rules, and the `top` expressions that are dearest by themselves.
int bench_rules(const std::shared_ptr<const scan::sa::Program>& program,
                const std::vector<std::string>& paths, std::size_t top, bool as_json);

}  // namespace sluice::tools
