#include "engine/worker/scan_report.h"

#include <charconv>
#include <cstring>

namespace sluice::worker {

void report_facts(CoreState& core, const scan::Scanner& scanner, const scan::MessageScan& scan,
                  Mid mid, Icid icid) {
  using mail::EventKind;
  if (auto id = scanner.message_id(scan); !id.empty())
    core.events.emit({.kind = EventKind::tx_message_id, .icid = icid, .mid = mid, .text = {id}});
  if (auto subject = scanner.subject(scan); !subject.empty())
    core.events.emit({.kind = EventKind::tx_subject, .icid = icid, .mid = mid, .text = {subject}});
}

void report_verdict(CoreState& core, const scan::Scanner& scanner, const scan::Verdict& verdict,
                    Mid mid, Icid icid, bool refused) {
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
  core.events.emit({.kind = mail::EventKind::scan_verdict,
                    .icid = icid,
                    .mid = mid,
                    .number = verdict.scl,
                    .text = {{names, used},
                             {score, static_cast<std::size_t>(end - score)},
                             refused ? "positive" : "negative"}});
  core.counters.scl[static_cast<std::size_t>(verdict.scl + 1)].add();
}

}  // namespace sluice::worker
