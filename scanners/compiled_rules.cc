#include "scanners/compiled_rules.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "scanners/builtin_rules.h"
#include "scanners/own_rules.h"

namespace sluice::scan {
namespace {

bool readable(const std::string& path) {
  std::error_code fault;
  return std::filesystem::is_directory(path, fault) || std::ifstream(path).is_open();
}

config::Problems unknown_types(const std::vector<config::AttachmentRule>& rules) {
  config::Problems problems;
  for (const config::AttachmentRule& rule : rules)
    for (const std::string& type : rule.types)
      if (!attachment::types_named(type))
        problems.push_back({"", rule.line, 0, fmt::format("attachment_rule {:?}", rule.name),
                            fmt::format("type {:?} is not known", type)});
  return problems;
}

}  // namespace

CompiledRules::CompiledRules(std::shared_ptr<const sa::Program> program,
                             attachment::AttachmentRules attachment_rules,
                             std::vector<std::string> notes)
    : program_(std::move(program)),
      attachment_rules_(std::move(attachment_rules)),
      notes_(std::move(notes)) {
  for (const sa::Rule& rule : program_->book().rules) phrases_.push_back(phrase_kind(rule.name));
  for (std::size_t i = 0; i < findings_.size(); ++i)
    findings_[i] = index_of(attachment::rule_name(static_cast<attachment::Finding>(i)));
  for (std::size_t i = 0; i < attachment_rules_.size(); ++i)
    attachment_carriers_.push_back(index_of(attachment_rules_.rule(i).name));
}

std::uint16_t CompiledRules::index_of(std::string_view name) const {
  const auto& index = program_->book().index;
  const auto found = index.find(name);
  return found == index.end() ? kNone : static_cast<std::uint16_t>(found->second);
}

std::expected<std::shared_ptr<const RuleSet>, config::Problems> RuleSet::load(
    std::span<const std::string> paths, const ScanSettings& settings) {
  config::Problems unreadable = unknown_types(settings.attachment_rules);
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
  attachment::AttachmentRules attachment_rules(settings.attachment_rules);
  if (settings.own_rules) builtin += own_rules();
  builtin += attachment_rules.carriers();
  add_phrases(settings.allow_phrases, Phrase::allow, "scan.allow_phrases");
  add_phrases(settings.block_phrases, Phrase::block, "scan.block_phrases");
  if (!unreadable.empty()) return std::unexpected(std::move(unreadable));
  std::vector<std::string> all;
  if (settings.stock_rules && readable(kStockRules)) all.emplace_back(kStockRules);
  all.insert(all.end(), paths.begin(), paths.end());
  config::Problems problems;
  auto book = sa::read_rule_book(all, problems, builtin, kClassifierScores);
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
  return std::make_shared<CompiledRules>(std::move(program), std::move(attachment_rules),
                                         std::move(notes));
}

}  // namespace sluice::scan
