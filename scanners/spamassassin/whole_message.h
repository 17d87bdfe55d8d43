// The rules over one whole message at a time, for tools; the engine scans while a message arrives.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "scanners/bayes/listener.h"
#include "scanners/bayes/token_names.h"
#include "scanners/mime/audience.h"
#include "scanners/mime/message_reader.h"
#include "scanners/spamassassin/rule_scan.h"

namespace sluice::scan::sa {

class WholeMessageScanner {
 public:
  // `model`: of the classifier; null: it is not asked.
  WholeMessageScanner(std::shared_ptr<const Program> program, const mime::MessageLimits& limits,
                      std::shared_ptr<const bayes::Model> model = nullptr);

  struct Hit {
    std::uint32_t rule = 0;
    std::uint32_t count = 0;
  };
  // What a token says for itself: its probability of spam.
  struct Reason {
    std::string token;
    double probability = 0.5;
  };
  struct Report {
    double score = 0;
    bayes::Opinion opinion;
    std::vector<Reason> reasons;  // of it, the strongest first; when explain() was asked for
    std::vector<Hit> hits;        // in the order of the rules, helpers ("__…") among them
  };
  Report scan(ByteView message);
  // From now on reports have so many reasons of the classifier's opinion.
  void explain(std::size_t reasons);
  const Program& program() const noexcept { return scan_.program(); }

 private:
  std::vector<Reason> reasons() const;

  ScanTools tools_;
  RuleScan scan_;
  std::shared_ptr<const bayes::Model> model_;
  bayes::Classifier classifier_{bayes::kTokensMax};
  bayes::Listener listener_{classifier_, bayes::kTokensMax};
  mime::Audience audience_;
  mime::MessageReader reader_;
  bayes::TokenNames names_;
  std::size_t reasons_max_ = 0;
};

}  // namespace sluice::scan::sa
