#include "engine/worker/scan_report.h"

#include <charconv>
#include <cstdio>
#include <cstring>

namespace sluice::worker {

namespace {

const char* word_for(policy::Disposition disposition) noexcept {
  if (disposition == policy::Disposition::deliver) return "negative";
  return disposition == policy::Disposition::tag ? "suspect" : "positive";
}

}  // namespace

void report_facts(CoreState& core, const scan::Scanner& scanner, const scan::MessageScan& scan,
                  Mid mid, Icid icid) {
  using mail::EventKind;
  if (auto id = scanner.message_id(scan); !id.empty())
    core.events.emit({.kind = EventKind::tx_message_id, .icid = icid, .mid = mid, .text = {id}});
  if (auto subject = scanner.subject(scan); !subject.empty())
    core.events.emit({.kind = EventKind::tx_subject, .icid = icid, .mid = mid, .text = {subject}});
}

void report_verdict(CoreState& core, const scan::Scanner& scanner, const scan::Verdict& verdict,
                    Mid mid, Icid icid, policy::Disposition disposition) {
  char names[1000];
  std::size_t used = 0;
  for (std::uint16_t i = 0; i < verdict.hit_count; ++i) {
    const std::string_view name = scanner.rules().name(verdict.hits[i]);
    if (used + name.size() + 1 > sizeof names) break;
    if (used > 0) names[used++] = ',';
    std::memcpy(names + used, name.data(), name.size());
    used += name.size();
  }
  char score[32];
  const auto end =
      std::to_chars(score, score + sizeof score, verdict.score, std::chars_format::fixed, 1).ptr;
  core.events.emit(
      {.kind = mail::EventKind::scan_verdict,
       .icid = icid,
       .mid = mid,
       .number = verdict.scl,
       .text = {
           {names, used}, {score, static_cast<std::size_t>(end - score)}, word_for(disposition)}});
  core.counters.scl[static_cast<std::size_t>(verdict.scl + 1)].add();
}

void report_antivirus(CoreState& core, const examination::Result& result, Mid mid, Icid icid) {
  if (!result.scanned) return;
  const bool infected = result.virus == antivirus::Outcome::infected;
  const bool clean = result.virus == antivirus::Outcome::clean;
  core.events.emit({.kind = mail::EventKind::scan_antivirus,
                    .icid = icid,
                    .mid = mid,
                    .text = {infected ? "positive"
                             : clean  ? "negative"
                                      : "unscanned",
                             result.text, result.engine}});
}

void report_stripped(CoreState& core, std::span<const scan::attachment::Cut> cuts,
                     const scan::attachment::AttachmentRules& rules, Mid mid, Icid icid) {
  for (const scan::attachment::Cut& cut : cuts)
    core.events.emit({.kind = mail::EventKind::scan_stripped,
                      .icid = icid,
                      .mid = mid,
                      .number = static_cast<std::int64_t>(cut.octets),
                      .text = {cut.file_name.view(), rules.rule(cut.rule).name}});
}

void report_stored(CoreState& core, const queueing::Shard::Committed& done) {
  using mail::EventKind;
  if (!done.result)
    core.events.emit({.kind = EventKind::queue_refused,
                      .mid = done.mid,
                      .text = {queueing::describe(done.result.error())}});
  else if (done.stage == queueing::Stage::held)
    report_held(core, done.mid, core.shard.find(done.mid)->scl, {});
  else
    core.events.emit({.kind = EventKind::queue_committed,
                      .mid = done.mid,
                      .number = done.stage == queueing::Stage::scan});
}

void report_held(CoreState& core, Mid mid, std::int8_t scl, std::string_view reason) {
  core.events.emit(
      {.kind = mail::EventKind::queue_held, .mid = mid, .number = scl, .text = {reason}});
  core.counters.messages_quarantined.add();
}

void report_discarded(CoreState& core, Mid mid, Icid icid, std::int8_t scl) {
  char text[48];
  const int length = std::snprintf(text, sizeof text, "Dropped by content scan (SCL %d)", scl);
  core.events.emit({.kind = mail::EventKind::tx_aborted,
                    .icid = icid,
                    .mid = mid,
                    .text = {{text, static_cast<std::size_t>(length)}}});
  core.counters.messages_discarded.add();
}

}  // namespace sluice::worker
