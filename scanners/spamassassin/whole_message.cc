#include "scanners/spamassassin/whole_message.h"

#include <algorithm>
#include <cmath>

namespace sluice::scan::sa {

WholeMessageScanner::WholeMessageScanner(std::shared_ptr<const Program> program,
                                         const mime::MessageLimits& limits,
                                         std::shared_ptr<const bayes::Model> model)
    : tools_(*program),
      scan_(program, tools_, limits.walker.header_bytes_max),
      model_(std::move(model)),
      reader_(limits, RuleScan::wanted()) {
  if (model_ != nullptr) audience_.add(listener_);  // the rules ask for its opinion
  audience_.add(scan_);
  scan_.heed(listener_.opinion());
}

WholeMessageScanner::Report WholeMessageScanner::scan(ByteView message) {
  scan_.begin();
  reader_.begin();
  listener_.begin();
  names_.clear();
  listener_.ask(model_.get());
  reader_.feed(message, tools_.workspace, audience_);
  scan_.full(message);
  reader_.finish(tools_.workspace, audience_);
  Report report;
  report.score = scan_.score();
  report.opinion = listener_.opinion();
  if (report.opinion.tokens > 0) report.reasons = reasons();
  for (std::uint32_t rule = 0; rule < program().book().rules.size(); ++rule)
    if (const float count = scan_.count(rule); count > 0)
      report.hits.push_back({rule, static_cast<std::uint32_t>(count)});
  return report;
}

void WholeMessageScanner::explain(std::size_t reasons) {
  reasons_max_ = reasons;
  listener_.explain(reasons == 0 ? nullptr : &names_);
}

std::vector<WholeMessageScanner::Reason> WholeMessageScanner::reasons() const {
  const auto all = classifier_.evidence();
  std::vector<bayes::Model::Entry> strongest(all.begin(), all.end());
  const auto strength = [](const bayes::Model::Entry& entry) {
    return std::pair(-std::abs(entry.spam - entry.ham), entry.token);
  };
  std::ranges::sort(strongest, {}, strength);
  strongest.resize(std::min(strongest.size(), reasons_max_));
  std::vector<Reason> result;
  for (const auto& entry : strongest)
    result.push_back({names_.of(entry.token), std::exp(static_cast<double>(entry.spam))});
  return result;
}

}  // namespace sluice::scan::sa
