// Lines of the log about the parts that a worker runs.
#include <algorithm>

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

// Readings of each resource; a change of its level is a line of the log.
void Worker::watch_pressure() {
  const std::size_t blocks = blocks_->capacity();
  const std::uint64_t values[] = {
      shard_->counts().unscanned, setup_.disk_used != nullptr ? setup_.disk_used->load() : 0,
      (blocks - blocks_->available()) * 100 / std::max<std::size_t>(blocks, 1)};
  for (std::size_t i = 0; i < kResources; ++i) {
    const auto resource = static_cast<Resource>(i);
    const auto before = back_pressure_.update(resource, values[i]);
    if (!before) continue;
    const BackPressure::Reading& now = back_pressure_.readings()[i];
    const std::string text = "Back pressure of worker " + std::to_string(setup_.index) + ": " +
                             describe(resource, now) + ", was " + name_of(*before);
    core_.events.emit(
        {.kind = now.level > *before ? mail::EventKind::alert : mail::EventKind::engine_info,
         .text = {text}});
  }
  core_.pressure = back_pressure_.level();
}

}  // namespace sluice::worker
