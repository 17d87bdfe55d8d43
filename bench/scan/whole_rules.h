// The rules over texts given to Hyperscan whole, as they are or with its prefilter flag, a database
// for each kind of text: what a scan costs that leaves everything to it. What matches is not asked
// any further, so this is less than such a scanner would need.
#pragma once

#include <map>
#include <vector>

#include "bench/scan/tape.h"
#include "scanners/hyperscan/scan.h"
#include "scanners/spamassassin/rule_book.h"

namespace sluice::bench {

class WholeRules {
 public:
  explicit WholeRules(const sa::RuleBook& book);
  std::size_t rules() const noexcept { return rules_; }
  std::size_t taken() const noexcept { return taken_; }  // by Hyperscan
  void scan(const RuleText& text) const;

 private:
  std::size_t rules_ = 0;
  std::size_t taken_ = 0;
  std::map<sa::Kind, scan::hyperscan::Database> databases_;
  scan::hyperscan::Scratch scratch_;
};

}  // namespace sluice::bench
