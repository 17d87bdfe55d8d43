// Whether a message is so clearly spam or not that the classifier may learn it unasked, as
// Mail::SpamAssassin::Plugin::AutoLearnThreshold decides: by the points of rules beside no
// classifier, without those of the classifier itself; and for spam some of the points from the
// header and some from the body, so that one list or one phrase teaches nothing by itself.
#pragma once

#include <optional>
#include <vector>

#include "scanners/bayes/store.h"
#include "scanners/spamassassin/program.h"
#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan {

class AutoLearn {
 public:
  struct Thresholds {
    double spam = 12.0;  // at or above: spam
    double ham = 0.1;    // at or below: wanted
  };
  AutoLearn(const sa::Program& program, const Thresholds& thresholds);

  // After message_end().
  std::optional<bayes::Learn> judge(const sa::RuleScan& scan) const noexcept;

 private:
  struct Part {
    std::uint32_t rule = 0;
    double points = 0;
    bool header = false, body = false, learned = false;
  };
  Thresholds thresholds_;
  std::vector<Part> parts_;
};

}  // namespace sluice::scan
