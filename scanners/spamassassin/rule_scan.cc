#include "scanners/spamassassin/rule_scan.h"

#include <algorithm>

namespace sluice::scan::sa {
namespace {

constexpr float kMatched = -1;  // of a rule with "!~" until it is settled

}  // namespace

RuleScan::RuleScan(std::shared_ptr<const Program> program, ScanTools& tools,
                   std::size_t header_bytes_max, std::uint64_t text_bytes_max)
    : program_(std::move(program)),
      tools_(tools),
      headers_(header_bytes_max),
      part_headers_(header_bytes_max),
      counts_(program_->book().rules.size()),
      text_bytes_max_(text_bytes_max) {}

mime::Wanted RuleScan::wanted() noexcept {
  mime::Wanted wanted;
  wanted.rawbody = wanted.body = wanted.uris = true;
  return wanted;
}

void RuleScan::begin() noexcept {
  headers_.clear();
  part_headers_.clear();
  std::ranges::fill(counts_, 0.0F);
  score_ = 0;
  body_bytes_ = rawbody_bytes_ = uri_bytes_ = 0;
  limited_ = false;
}

void RuleScan::hit(std::uint32_t rule, std::uint32_t count) noexcept {
  const RuleFlags& flags = program_->rule(rule).flags;
  if (!flags.multiple) {
    counts_[rule] = 1;
    return;
  }
  counts_[rule] += static_cast<float>(count);
  if (flags.hits_max > 0)
    counts_[rule] = std::min(counts_[rule], static_cast<float>(flags.hits_max));
}

// Each kind of text has its own count: how they alternate depends on the chunks.
void RuleScan::scan(const PatternSet& set, std::string_view text, std::uint64_t& seen) noexcept {
  seen += text.size();
  if (seen > text_bytes_max_) {
    limited_ = true;
    return;
  }
  set.scan(as_bytes(text), tools_.patterns, tools_.matches,
           [this](std::uint32_t rule, std::uint32_t count) { hit(rule, count); });
}

void RuleScan::field(const mime::HeaderField& field) noexcept {
  if (field.section == mime::Section::message)
    headers_.add(field);
  else
    part_headers_.add(field);
}

void RuleScan::section_end(mime::Section section) noexcept {
  if (section == mime::Section::message) {
    relays_.read(headers_);
    scan_fields(program_->headers(), headers_);
    settle_negated(program_->headers());
    scan_fields(program_->part_headers(), headers_);  // the message is a part as well
    return;
  }
  scan_fields(program_->part_headers(), part_headers_);
  part_headers_.clear();
}

void RuleScan::scan_fields(const std::vector<Program::FieldGroup>& groups,
                           const HeaderStore& store) noexcept {
  for (const Program::FieldGroup& group : groups) {
    if (store.value_of(group.target, made_, tools_.workspace, tools_.value)) {
      for (const std::uint32_t rule : group.exists) hit(rule, 1);
    } else {
      tools_.value = group.if_unset;
    }
    group.set.scan(as_bytes(tools_.value), tools_.patterns, tools_.matches,
                   [&](std::uint32_t rule, std::uint32_t count) {
                     if (program_->rule(rule).negated)
                       counts_[rule] = kMatched;
                     else
                       hit(rule, count);
                   });
  }
}

// A rule with "!~" hits where its expression matched nowhere.
void RuleScan::settle_negated(const std::vector<Program::FieldGroup>& groups) noexcept {
  for (const Program::FieldGroup& group : groups)
    for (const std::uint32_t rule : group.negated)
      counts_[rule] = counts_[rule] == kMatched ? 0.0F : 1.0F;
}

void RuleScan::rawbody(std::string_view element) noexcept {
  scan(program_->rawbody(), element, rawbody_bytes_);
}

void RuleScan::body(mime::BodyView view, std::string_view element) noexcept {
  if (view == mime::BodyView::all) scan(program_->body(), element, body_bytes_);
}

void RuleScan::uri(const mime::Uri& uri) noexcept {
  scan(program_->uri(), uri.written, uri_bytes_);
  if (uri.canonical != uri.written) scan(program_->uri(), uri.canonical, uri_bytes_);
}

void RuleScan::message_end(const mime::MessageFacts&) noexcept {
  settle_negated(program_->part_headers());
  const MessageEvidence evidence{headers_, relays_, program_->book()};
  for (const Program::Eval& eval : program_->evals())
    if (const int count = eval.function(evidence, program_->rule(eval.rule).call.arguments);
        count > 0)
      hit(eval.rule, static_cast<std::uint32_t>(count));
  for (const Program::Meta& meta : program_->metas()) {
    const double value = meta.expression.evaluate(counts_);
    if (value != 0) counts_[meta.rule] = value > 0 ? static_cast<float>(value) : 1.0F;
  }
  for (std::uint32_t rule = 0; rule < counts_.size(); ++rule)
    if (counts_[rule] > 0 && !program_->rule(rule).helper())
      score_ += static_cast<double>(program_->score(rule));
}

}  // namespace sluice::scan::sa
