// The RuleSet that scanners run: a program of rules in SpamAssassin's language, and behind them one
// that tells that a message met a limit.
#pragma once

#include "scanners/phrases.h"
#include "scanners/scanner.h"
#include "scanners/spamassassin/program.h"

namespace sluice::scan {

class CompiledRules final : public RuleSet {
 public:
  CompiledRules(std::shared_ptr<const sa::Program> program, std::vector<std::string> notes)
      : program_(std::move(program)), notes_(std::move(notes)) {
    for (const sa::Rule& rule : program_->book().rules) phrases_.push_back(phrase_kind(rule.name));
  }

  std::size_t size() const noexcept override { return program_->book().rules.size(); }
  std::string_view name(std::uint16_t rule) const noexcept override {
    return rule == limit_rule() ? "SCAN_LIMIT" : std::string_view(program_->rule(rule).name);
  }
  double score(std::uint16_t rule) const noexcept override {
    return rule == limit_rule() ? 0 : static_cast<double>(program_->score(rule));
  }
  std::string_view description(std::uint16_t rule) const noexcept override {
    return rule == limit_rule() ? "text beyond scan.text_bytes_max was not looked at"
                                : std::string_view(program_->rule(rule).description);
  }
  const std::vector<std::string>& notes() const noexcept override { return notes_; }

  std::uint16_t limit_rule() const noexcept { return static_cast<std::uint16_t>(size()); }
  const std::shared_ptr<const sa::Program>& program() const noexcept { return program_; }
  Phrase phrase(std::uint16_t rule) const noexcept { return phrases_[rule]; }

 private:
  std::shared_ptr<const sa::Program> program_;
  std::vector<std::string> notes_;
  std::vector<Phrase> phrases_;  // by rule
};

inline constexpr std::size_t kRulesMax = 65'000;

}  // namespace sluice::scan
