// The RuleSet that scanners run: rules in file order, one database per place that has rules.
#pragma once

#include <vector>

#include "scanners/rules/rule.h"
#include "scanners/scanner.h"

namespace sluice::scan {

class CompiledRules final : public RuleSet {
 public:
  struct PlaceDatabase {
    Place place;
    hyperscan::Database database;
  };

  // Duplicate names and expressions that do not compile are problems.
  static std::expected<std::shared_ptr<const CompiledRules>, config::Problems> compile(
      std::vector<Rule> rules);

  std::size_t size() const noexcept override { return rules_.size(); }
  std::string_view name(std::uint16_t rule) const noexcept override { return rules_[rule].name; }
  double score(std::uint16_t rule) const noexcept override { return rules_[rule].score; }
  std::string_view description(std::uint16_t rule) const noexcept override {
    return rules_[rule].description;
  }

  const std::vector<Rule>& rules() const noexcept { return rules_; }
  const std::vector<PlaceDatabase>& places() const noexcept { return places_; }

 private:
  std::vector<Rule> rules_;
  std::vector<PlaceDatabase> places_;
};

}  // namespace sluice::scan
