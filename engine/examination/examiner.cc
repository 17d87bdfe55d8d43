#include "engine/examination/examiner.h"

#include <vector>

#include "tls/sha256.h"

namespace sluice::examination {

using antivirus::Outcome;
using scan::attachment::Finding;

Examiner::Examiner(const config::Examination& examination, const config::Antivirus& antivirus,
                   const config::Scan& scan, antivirus::VerdictCache& cache)
    : examination_(examination),
      antivirus_(antivirus),
      cache_(cache),
      engine_(antivirus::make_virus_engine(antivirus)),
      unpacker_({.depth_max = examination.depth_max,
                 .files_max = examination.files_max,
                 .expanded_max = examination.expanded_max,
                 .ratio_max = examination.ratio_max,
                 .time_max = examination.time_max,
                 .message = {scan.mime_depth_max, scan.mime_parts_max, scan.header_bytes_max,
                             scan.header_fields_max}},
                &stopping_) {}

void Examiner::run() {
  borrower_.run([this](Job& job) {
    if (job.abandoned.load(std::memory_order_relaxed)) return;
    if (stopping_.load(std::memory_order_acquire))
      job.result = not_examined(antivirus_, kStopping);
    else
      examine(job);
  });
}

void Examiner::exit() noexcept {
  stop();
  borrower_.stop();
}

void Examiner::examine(Job& job) {
  std::vector<ByteView> message;
  for (const Held* held = job.first; held != nullptr; held = held->next)
    message.push_back(held->slice.bytes());
  VirusScan scan{.patience = {job.submitted + antivirus_.timeout, &stopping_}};
  if (engine_ != nullptr) scan.answer = scan_message(job, message, scan);
  if (examination_.unpack) unpack(job, message, scan);
  if (engine_ != nullptr) conclude(std::move(scan), job.result);
}

// The message as it is: clamd reads mail, too, and some signatures are of mail.
antivirus::Answer Examiner::scan_message(const Job& job, antivirus::Octets message,
                                         VirusScan& scan) {
  if (job.octets > antivirus_.message_bytes_max)
    return {Outcome::too_large, "beyond antivirus.message_bytes_max"};
  if (job.incomplete) return {Outcome::failed, kNoRoom};
  if (scan.patience.over()) return {Outcome::failed, kWaitedTooLong};
  scan.version = engine_->version(scan.patience);
  return ask(message, scan);
}

// Its files are shown to the engine once more, as a mail program would save them: what is wrong
// with a message may make the two read it differently.
void Examiner::unpack(Job& job, antivirus::Octets message, VirusScan& scan) {
  if (job.incomplete) {
    job.result.report.findings.add(Finding::limit);
    return;
  }
  job.result.report = unpacker_.examine(message, job.rules->attachment_rules(), [&](ByteView file) {
    if (scan.answer.outcome == Outcome::clean) scan.answer = ask({&file, 1}, scan);
  });
}

void Examiner::conclude(VirusScan scan, Result& result) {
  result.scanned = true;
  result.virus = scan.answer.outcome;
  result.text = std::move(scan.answer.text);
  result.engine = std::move(scan.version);
  if (result.virus == Outcome::infected)
    result.report.findings.add(Finding::virus);
  else if (result.virus != Outcome::clean)
    result.report.findings.add(Finding::not_scanned);
}

antivirus::Answer Examiner::ask(antivirus::Octets octets, const VirusScan& scan) {
  tls::Sha256 hash;
  for (const ByteView piece : octets) hash.update(piece);
  const auto key = hash.finish();
  if (!scan.version.empty())
    if (auto known = cache_.find(key, scan.version))
      return {known->empty() ? Outcome::clean : Outcome::infected, *known};
  antivirus::Answer answer = engine_->scan(octets, scan.patience);
  const bool final = answer.outcome == Outcome::clean || answer.outcome == Outcome::infected;
  if (final && !scan.version.empty()) cache_.put(key, scan.version, answer.text);
  return answer;
}

}  // namespace sluice::examination
