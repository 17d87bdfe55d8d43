// Lines of the log about the parts that a worker runs.
#include "engine/worker/worker.h"
#include "queueing/recovery.h"

namespace sluice::worker {

// Each worker finds out for itself; one of them says so.
void Worker::report_trust() {
  trust_reported_ = resolver_.trust();
  if (setup_.index != 0 || setup_.dns.servers.empty()) return;
  const bool bad =
      trust_reported_ == dns::Trust::does_not || trust_reported_ == dns::Trust::unreachable;
  std::string text = "DNS server " + setup_.dns.servers.front().text() + " ";
  text += dns::describe(*trust_reported_);
  core_.events.emit({.kind = bad ? mail::EventKind::engine_warning : mail::EventKind::engine_info,
                     .text = {text}});
}

// What the queue's files were found to lack, one line each.
void Worker::report_recovery() {
  const queueing::RecoveryReport* const report = shard_->recovery();
  if (report == nullptr) return;
  for (const std::string& note : report->notes) {
    const std::string text = "Queue shard-" + std::to_string(setup_.index) + ": " + note;
    core_.events.emit({.kind = mail::EventKind::engine_warning, .text = {text}});
  }
}

// Tells when the shard stops to take mail, and why, and when it takes it again.
void Worker::watch_queue() {
  const auto fault = shard_->fault();
  if (fault == fault_reported_) return;
  const std::string name = "Queue shard-" + std::to_string(setup_.index) + ": ";
  const std::string text = name + (fault ? queueing::describe(*fault) : "takes mail again");
  core_.events.emit(
      {.kind = fault ? mail::EventKind::alert : mail::EventKind::engine_info, .text = {text}});
  fault_reported_ = fault;
}

}  // namespace sluice::worker
