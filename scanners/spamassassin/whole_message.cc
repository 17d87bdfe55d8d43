#include "scanners/spamassassin/whole_message.h"

namespace sluice::scan::sa {

WholeMessageScanner::WholeMessageScanner(std::shared_ptr<const Program> program,
                                         const mime::MessageLimits& limits)
    : tools_(*program),
      scan_(program, tools_, limits.walker.header_bytes_max),
      reader_(limits, RuleScan::wanted()) {}

WholeMessageScanner::Report WholeMessageScanner::scan(ByteView message) {
  scan_.begin();
  reader_.begin();
  reader_.feed(message, tools_.workspace, scan_);
  scan_.full(message);
  reader_.finish(tools_.workspace, scan_);
  Report report;
  report.score = scan_.score();
  for (std::uint32_t rule = 0; rule < program().book().rules.size(); ++rule)
    if (const float count = scan_.count(rule); count > 0)
      report.hits.push_back({rule, static_cast<std::uint32_t>(count)});
  return report;
}

}  // namespace sluice::scan::sa
