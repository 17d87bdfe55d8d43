// The RuleSet that scanners run: a program of rules in SpamAssassin's language, and behind them one
// that tells that a message met a limit.
#pragma once

#include "scanners/attachment/first_look.h"
#include "scanners/phrases.h"
#include "scanners/scanner.h"
#include "scanners/spamassassin/program.h"

namespace sluice::scan {

class CompiledRules final : public RuleSet {
 public:
  CompiledRules(std::shared_ptr<const sa::Program> program,
                attachment::AttachmentRules attachment_rules, std::vector<std::string> notes);

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
  const attachment::AttachmentRules& attachment_rules() const noexcept override {
    return attachment_rules_;
  }
  // Calls visit(rule index) for each rule that carries something of the report and counts.
  template <typename Visit>
  void for_each_carrier(const attachment::Report& report, Visit&& visit) const;

 private:
  static constexpr std::uint16_t kNone = UINT16_MAX;
  std::uint16_t index_of(std::string_view name) const;

  std::shared_ptr<const sa::Program> program_;
  attachment::AttachmentRules attachment_rules_;
  std::array<std::uint16_t, attachment::kFindings> findings_{};  // the rule that carries each
  std::vector<std::uint16_t> attachment_carriers_;               // likewise of attachment_rules_
  std::vector<std::string> notes_;
  std::vector<Phrase> phrases_;  // by rule
};

template <typename Visit>
void CompiledRules::for_each_carrier(const attachment::Report& report, Visit&& visit) const {
  if (!report.findings.empty())
    for (std::size_t i = 0; i < findings_.size(); ++i)
      if (report.findings.has(static_cast<attachment::Finding>(i)) && findings_[i] != kNone &&
          program_->score(findings_[i]) != 0)  // a score of 0 switches a rule off
        visit(findings_[i]);
  if (report.rules.any())
    for (std::size_t i = 0; i < attachment_carriers_.size(); ++i)
      if (report.rules[i]) visit(attachment_carriers_[i]);
}

inline constexpr std::size_t kRulesMax = 65'000;

}  // namespace sluice::scan
