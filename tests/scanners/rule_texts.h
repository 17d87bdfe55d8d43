// Rule sets from text, for tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "scanners/rules/compiled_rules.h"
#include "scanners/rules/rule_file.h"

namespace sluice::scan {

inline const std::vector<double> kSclScores{1, 2, 3, 4, 5, 6.5, 8, 10, 15};

struct LoadedRules {
  std::shared_ptr<const CompiledRules> rules;
  config::Problems problems;

  std::string problem_text() const {
    std::string all;
    for (const config::Problem& problem : problems) all += problem.text() + "\n";
    return all;
  }
};

inline LoadedRules load_rules(std::string_view text) {
  LoadedRules loaded;
  std::vector<Rule> rules;
  parse_rules(text, "test.rules", rules, loaded.problems);
  auto compiled = CompiledRules::compile(std::move(rules));
  if (compiled)
    loaded.rules = *compiled;
  else
    loaded.problems.insert(loaded.problems.end(), compiled.error().begin(), compiled.error().end());
  return loaded;
}

inline std::string rule_text(std::string_view name, std::string_view place,
                             std::string_view expression, std::string_view score = "1") {
  return fmt::format("[[rule]]\nname = \"{}\"\nplace = \"{}\"\nexpression = '{}'\nscore = {}\n",
                     name, place, expression, score);
}

}  // namespace sluice::scan
