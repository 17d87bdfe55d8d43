#include "scanners/pipeline.h"

#include <algorithm>

namespace sluice::scan {
namespace {

mime::MessageLimits limits_of(const ScanSettings& settings) noexcept {
  mime::MessageLimits limits;
  limits.walker = {settings.mime_depth_max, settings.mime_parts_max, settings.header_bytes_max,
                   settings.header_fields_max};
  limits.rawbody_part_bytes_max = settings.rawbody_part_bytes_max;
  limits.body_part_bytes_max = settings.body_part_bytes_max;
  limits.uris_max = settings.uris_max;
  return limits;
}

std::string_view trim(std::string_view text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

}  // namespace

MessageScan::MessageScan(const CompiledRules& rules, const ScanSettings& settings,
                         PipelineTools& tools)
    : tools_(tools),
      rules_(rules.program(), tools.scan, settings.header_bytes_max, settings.text_bytes_max),
      reader_(limits_of(settings), sa::RuleScan::wanted()),
      first_look_(rules.attachment_rules()),
      time_max_(settings.time_max) {
  audience_.add(*this);
  audience_.add(first_look_);
  if (settings.classifier) {
    listener_.emplace(tools.classifier, settings.tokens_max);
    rules_.heed(listener_->opinion());
    audience_.add(*listener_);  // before the rules, which ask for its opinion
  }
  audience_.add(rules_);
}

std::size_t MessageScan::memory_bytes(const CompiledRules& rules, const ScanSettings& settings) {
  return sizeof(MessageScan) - sizeof(mime::MessageReader) + rules.size() * sizeof(float) +
         mime::MessageReader::memory_bytes(limits_of(settings), sa::RuleScan::wanted()) +
         (settings.classifier ? bayes::Tokenizer::memory_bytes(settings.tokens_max) : 0);
}

void MessageScan::begin() noexcept {
  rules_.begin();
  spent_ = {};
  malformed_ = false;
  message_id_.clear();
  subject_.clear();
  first_look_.begin();
  reader_.begin();
  if (listener_) listener_->begin();
}

void MessageScan::feed(ByteView octets) noexcept {
  SystemClock clock;
  const Instant begun = clock.now();
  rules_.full(octets);
  reader_.feed(octets, tools_.scan.workspace, audience_);
  spent_ = spent_ + (clock.now() - begun);
  if (spent_ > time_max_) rules_.stop();
}

Verdict MessageScan::finish(std::string_view domain) noexcept {
  if (listener_ && tools_.models) listener_->ask(tools_.models->of(domain));
  reader_.finish(tools_.scan.workspace, audience_);
  return conclude();
}

void MessageScan::teach(std::string_view domain, bayes::Lessons& lessons) const noexcept {
  if (!tools_.auto_learn) return;
  if (const auto what = tools_.auto_learn->judge(rules_))
    lessons.add({*what, listener_->identity(), domain, listener_->tokens()});
}

void MessageScan::field(const mime::HeaderField& field) noexcept {
  if (field.section == mime::Section::message && field.first) {
    if (subject_.empty() && equals_ignoring_case(field.name, "subject"))
      keep(field.raw, subject_);
    else if (message_id_.empty() && equals_ignoring_case(field.name, "message-id"))
      keep(field.raw, message_id_);
  }
}

// Without folds: it goes into a line of the mail log.
void MessageScan::keep(std::string_view raw, Fact& fact) noexcept {
  for (raw = trim(raw); !raw.empty();) {
    const std::string_view line = raw.substr(0, raw.find_first_of("\r\n"));
    fact.append(line);
    raw.remove_prefix(line.size());
    raw.remove_prefix(std::min(raw.find_first_not_of("\r\n"), raw.size()));
  }
}

Refusal MessageScan::refusal(const attachment::Report& report) const noexcept {
  const attachment::AttachmentRules& rules = tools_.rules.attachment_rules();
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (report.rules[i] && rules.rule(i).action == config::AttachmentAction::reject)
      return Refusal::attachment;
  return report.cuts.possible() ? Refusal::none : Refusal::attachment;
}

// Helpers ("__NAME") have a part in other rules and are not named themselves.
Verdict MessageScan::conclude() const noexcept {
  Verdict verdict;
  MilliScore score = 0;
  const auto add = [&](std::uint16_t rule) {
    ++verdict.hit_total;
    if (verdict.hit_count < kHitsMax) verdict.hits[verdict.hit_count++] = rule;
  };
  verdict.limited = rules_.limited();
  if (verdict.limited) add(tools_.rules.limit_rule());
  const sa::Program& program = rules_.program();
  for (const std::uint32_t index : program.reported()) {
    if (rules_.count(index) <= 0) continue;
    const auto rule = static_cast<std::uint16_t>(index);
    add(rule);
    verdict.allowed = verdict.allowed || tools_.rules.phrase(rule) == Phrase::allow;
    verdict.blocked = verdict.blocked || tools_.rules.phrase(rule) == Phrase::block;
    score += milli_score(static_cast<double>(program.score(rule)));
  }
  const attachment::Report& report = first_look_.report();
  tools_.rules.for_each_carrier(report, [&](std::uint16_t rule) {
    if (rules_.count(rule) > 0) return;
    add(rule);
    score += milli_score(static_cast<double>(program.score(rule)));
  });
  verdict.refusal = refusal(report);
  verdict.strips = report.cuts.any();
  verdict.hits_truncated = verdict.hit_total > verdict.hit_count;
  verdict.score = static_cast<double>(score) / 1'000;
  verdict.malformed = malformed_;
  verdict.scl = verdict.allowed ? 0 : verdict.blocked ? 9 : tools_.scl_table.scl(score);
  return verdict;
}

}  // namespace sluice::scan
