// Models of the classifier out of the databases of [bayes], for the control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/config/config.h"

namespace sluice::scan::bayes {
class Model;
struct Models;
}  // namespace sluice::scan::bayes

namespace sluice::control {

// The folder of a database: of a recipient domain, or the general one ("").
std::string bayes_folder(const config::Config& config, std::string_view domain);

class BayesModels {
 public:
  // Reads the databases. Never null; what could not be read goes to take_faults().
  std::shared_ptr<const scan::bayes::Models> load(const config::Config& config, Instant now);
  // The same when bayes.refresh is over and something was learned; null otherwise.
  std::shared_ptr<const scan::bayes::Models> refresh(const config::Config& config, Instant now);
  std::vector<std::string> take_faults() { return std::move(faults_); }

 private:
  struct Read {
    std::shared_ptr<const scan::bayes::Model> model;  // null: there is none
    std::uint64_t revision = 0;
  };
  Read read(const config::Config& config, std::string_view domain);
  std::uint64_t revision_of(const config::Config& config, std::string_view domain) const;

  std::vector<std::uint64_t> revisions_;  // general, then of the domains
  Instant looked_;
  std::vector<std::string> faults_;
};

}  // namespace sluice::control
