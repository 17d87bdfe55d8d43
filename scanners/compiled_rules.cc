#include "scanners/compiled_rules.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "scanners/builtin_rules.h"

namespace sluice::scan {
namespace {

bool readable(const std::string& path) {
  std::error_code fault;
  return std::filesystem::is_directory(path, fault) || std::ifstream(path).is_open();
}

}  // namespace

std::expected<std::shared_ptr<const RuleSet>, config::Problems> RuleSet::load(
    std::span<const std::string> paths, const ScanSettings& settings) {
  config::Problems unreadable;
  for (const std::string& path : paths)
    if (!readable(path))
      unreadable.push_back({path, 0, 0, "scan.rules", "the rules cannot be read"});
  std::string builtin(kBuiltinRules);
  const auto add_phrases = [&](const std::string& path, Phrase kind, std::string_view key) {
    if (path.empty()) return;
    if (auto rules = phrase_rules(path, kind, key))
      builtin += *rules;
    else
      unreadable.push_back(std::move(rules.error()));
  };
  add_phrases(settings.allow_phrases, Phrase::allow, "scan.allow_phrases");
  add_phrases(settings.block_phrases, Phrase::block, "scan.block_phrases");
  if (!unreadable.empty()) return std::unexpected(std::move(unreadable));
  std::vector<std::string> all;
  if (settings.stock_rules && readable(kStockRules)) all.emplace_back(kStockRules);
  all.insert(all.end(), paths.begin(), paths.end());
  config::Problems problems;
  auto book = sa::read_rule_book(all, problems, builtin);
  if (book.rules.size() > kRulesMax)
    return std::unexpected(
        config::Problems{{"", 0, 0, "scan.rules",
                          fmt::format("{} rules are above {}", book.rules.size(), kRulesMax)}});
  auto program =
      sa::Program::compile(std::move(book),
                           {.score_set = settings.classifier && settings.trained ? 2U : 0U,
                            .threads = settings.compile_threads,
                            .cache = settings.cache},
                           problems);
  std::vector<std::string> notes = program->notes();
  for (const config::Problem& problem : problems) notes.push_back("rules: " + problem.text());
  return std::make_shared<CompiledRules>(std::move(program), std::move(notes));
}

}  // namespace sluice::scan
