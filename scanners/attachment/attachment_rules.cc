#include "scanners/attachment/attachment_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/wildcard.h"

namespace sluice::scan::attachment {

std::optional<Digest> parse_digest(std::string_view text) noexcept {
  Digest digest;
  if (text.size() != 2 * digest.size()) return {};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* const begin = text.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, digest[i], 16).ptr != begin + 2) return {};
  }
  return digest;
}

AttachmentRules::AttachmentRules(const std::vector<config::AttachmentRule>& rules) {
  for (const config::AttachmentRule& rule : rules) {
    if (rules_.size() == kRulesMax) break;
    strips_[rules_.size()] = rule.action == config::AttachmentAction::strip;
    Compiled& compiled = rules_.emplace_back(rule);
    for (const std::string& type : rule.types) compiled.types |= types_named(type).value_or(0);
    for (const std::string& text : rule.sha256)
      if (const auto digest = parse_digest(text)) compiled.digests.push_back(*digest);
    want_digest_ = want_digest_ || !compiled.digests.empty();
  }
}

RuleHits AttachmentRules::match(const File& file) const noexcept {
  RuleHits hits;
  for (std::size_t i = 0; i < rules_.size(); ++i) hits[i] = matches(rules_[i], file);
  return hits;
}

bool AttachmentRules::matches(const Compiled& compiled, const File& file) noexcept {
  const config::AttachmentRule& rule = compiled.rule;
  const auto fits = [](const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
             return matches_wildcard(pattern, text);
           });
  };
  if (file.size < rule.size_min || file.size > rule.size_max) return false;
  if (compiled.types != 0 && !has(compiled.types, file.type)) return false;
  if (!compiled.digests.empty() &&
      (file.digest == nullptr ||
       std::ranges::find(compiled.digests, *file.digest) == compiled.digests.end()))
    return false;
  return fits(rule.file_names, file.name) && fits(rule.declared, file.declared);
}

std::string AttachmentRules::carriers() const {
  std::string text;
  for (const Compiled& compiled : rules_) {
    const config::AttachmentRule& rule = compiled.rule;
    const double score = rule.action == config::AttachmentAction::score ? rule.score : 0;
    text += fmt::format(
        "meta {0} 0\ndescribe {0} [[attachment_rule]] of the configuration\n"
        "score {0} {1}\n",
        rule.name, score);
  }
  return text;
}

}  // namespace sluice::scan::attachment
