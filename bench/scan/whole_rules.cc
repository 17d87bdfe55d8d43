#include "bench/scan/whole_rules.h"

#include <optional>

#include "scanners/spamassassin/pattern/pattern_plan.h"

namespace sluice::bench {
namespace {

namespace hyperscan = scan::hyperscan;

// Larger ones take it minutes, or it refuses them.
constexpr std::size_t kPositionsMax = 1'500;

std::optional<hyperscan::Expression> taken_whole(const sa::PerlRegex& regex) {
  const auto tree = sa::parse_regex(regex);
  if (!tree || sa::unfolded_size(*tree) > kPositionsMax) return {};
  for (const sa::Form form : {sa::Form::exact, sa::Form::prefilter})
    if (auto expression = sa::hyperscan_expression(regex, form); is_supported(expression))
      return expression;
  return {};
}

}  // namespace

WholeRules::WholeRules(const sa::RuleBook& book) {
  std::map<sa::Kind, std::vector<hyperscan::Expression>> expressions;
  for (const sa::Rule& rule : book.rules) {
    using enum sa::Kind;
    if (rule.kind != body && rule.kind != rawbody && rule.kind != uri) continue;
    ++rules_;
    if (auto expression = taken_whole(rule.regex)) {
      auto& all = expressions[rule.kind];
      expression->id = static_cast<std::uint32_t>(all.size());
      all.push_back(std::move(*expression));
    }
  }
  for (const auto& [kind, all] : expressions) {
    auto database = hyperscan::Database::compile(all);
    if (!database) continue;
    taken_ += all.size();
    scratch_.grow_for(*database);
    databases_.emplace(kind, std::move(*database));
  }
}

void WholeRules::scan(const RuleText& text) const {
  const auto database = databases_.find(text.kind);
  if (database == databases_.end()) return;
  const auto told = [](void*, std::uint32_t, std::uint64_t) noexcept {};
  scan_block(database->second, as_bytes(text.text), scratch_, told, nullptr);
}

}  // namespace sluice::bench
