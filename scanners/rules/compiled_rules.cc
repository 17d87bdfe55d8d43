#include "scanners/rules/compiled_rules.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "scanners/rules/rule_file.h"

namespace sluice::scan {
namespace {

config::Problem problem_of(const Rule& rule, int line, int column, std::string what) {
  return {rule.file, line, column, fmt::format("rule {:?}", rule.name), std::move(what)};
}

void find_duplicates(const std::vector<Rule>& rules, config::Problems& problems) {
  std::map<std::string_view, const Rule*> first;
  for (const Rule& rule : rules) {
    const auto [it, fresh] = first.try_emplace(rule.name, &rule);
    if (!fresh)
      problems.push_back(problem_of(rule, rule.line, 1,
                                    fmt::format("the name is taken by the rule at {}:{}",
                                                it->second->file, it->second->line)));
  }
}

std::vector<Place> places_of(const std::vector<Rule>& rules) {
  std::vector<Place> places;
  for (const Rule& rule : rules)
    if (std::ranges::find(places, rule.place) == places.end()) places.push_back(rule.place);
  return places;
}

std::vector<hyperscan::Expression> expressions_at(const Place& place,
                                                  const std::vector<Rule>& rules) {
  std::vector<hyperscan::Expression> expressions;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].place != place) continue;
    expressions.push_back(rules[i].expression);
    expressions.back().id = static_cast<std::uint32_t>(i);
    expressions.back().multiline |= place.kind == PlaceKind::field;
  }
  return expressions;
}

void add_faults(const std::vector<hyperscan::CompileFault>& faults,
                const std::vector<hyperscan::Expression>& expressions,
                const std::vector<Rule>& rules, config::Problems& problems) {
  for (const hyperscan::CompileFault& fault : faults) {
    const bool whole = fault.expression == hyperscan::kWholeSet;
    const Rule& rule = rules[expressions[whole ? 0 : fault.expression].id];
    if (whole)
      problems.push_back({rule.file, 0, 0, "rules", fault.reason});
    else
      problems.push_back(
          problem_of(rule, rule.expression_line, rule.expression_column,
                     fmt::format("expression {:?}: {}", rule.expression.text, fault.reason)));
  }
}

}  // namespace

std::expected<std::shared_ptr<const CompiledRules>, config::Problems> CompiledRules::compile(
    std::vector<Rule> rules) {
  config::Problems problems;
  auto compiled = std::make_shared<CompiledRules>();
  compiled->rules_ = std::move(rules);
  find_duplicates(compiled->rules_, problems);
  const std::vector<Place> places = places_of(compiled->rules_);
  const auto fields = std::ranges::count(places, PlaceKind::field, &Place::kind);
  if (static_cast<std::size_t>(fields) > kFieldPlacesMax)
    problems.push_back({compiled->rules_.front().file, 0, 0, "rules",
                        fmt::format("{} header fields have rules of their own; at most {} may, "
                                    "further ones go to place = \"header\"",
                                    fields, kFieldPlacesMax)});
  for (const Place& place : places) {
    const auto expressions = expressions_at(place, compiled->rules_);
    auto database = hyperscan::Database::compile(expressions);
    if (database)
      compiled->places_.push_back({place, std::move(*database)});
    else
      add_faults(database.error(), expressions, compiled->rules_, problems);
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return compiled;
}

std::expected<std::shared_ptr<const RuleSet>, config::Problems> RuleSet::load(
    std::span<const std::string> files, const ScanSettings&) {
  std::vector<Rule> rules;
  config::Problems problems;
  for (const std::string& file : files) read_rule_file(file, rules, problems);
  if (rules.size() > kRulesMax) {
    problems.push_back({files.back(), 0, 0, "scan.rules",
                        fmt::format("{} rules are above {}", rules.size(), kRulesMax)});
    return std::unexpected(std::move(problems));
  }
  auto compiled = CompiledRules::compile(std::move(rules));
  if (!compiled) problems.insert(problems.end(), compiled.error().begin(), compiled.error().end());
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return *compiled;
}

}  // namespace sluice::scan
