#include "engine/worker/scan_backlog.h"

#include <algorithm>
#include <utility>

#include "engine/examination/stamp.h"
#include "engine/worker/fate.h"
#include "engine/worker/scan_report.h"
#include "scanners/stamp.h"

namespace sluice::worker {
namespace {

constexpr std::uint32_t kScanRun = 4'096;
constexpr std::size_t kStampsMax = 8 * 1024;
constexpr std::string_view kRefusedStatus = "5.7.1";
constexpr std::string_view kRefusedText = "550 5.7.1 Message rejected due to content restrictions";

// The first field with its folded lines.
std::string_view first_field(std::string_view header) {
  std::size_t end = header.find('\n');
  while (end < header.size() - 1 && (header[end + 1] == ' ' || header[end + 1] == '\t'))
    end = header.find('\n', end + 1);
  return header.substr(0, end == header.npos ? header.size() : end + 1);
}

}  // namespace

void ScanBacklog::configure(const config::Config& config) {
  thresholds_ = policy::SclThresholds(config.scan);
  late_reject_ = config.scan.late_reject;
  antispam_report_ = config.scan.antispam_report;
  antivirus_ = config.antivirus;
}

bool ScanBacklog::wants_poll(WallTime wall) const noexcept {
  if (busy()) return !reading_ && !examining_;
  return !paused_ && wall >= not_before_ && core_.shard.earliest_unscanned() <= wall;
}

std::size_t ScanBacklog::poll(WallTime wall, delivery::Delivery& delivery) {
  wall_ = wall;
  if (!wants_poll(wall)) return 0;
  if (!busy() && !begin(wall)) return 0;
  const queueing::QueuedMessage* message = core_.shard.find(mid_);
  if (failed_ || message == nullptr) {
    put_back();
  } else if (block_) {
    feed_more();
  } else if (read_ < message->body_size) {
    return read_more() ? 1 : 0;
  } else {
    finish(delivery);
  }
  return 1;
}

bool ScanBacklog::begin(WallTime wall) {
  if (!core_.shard.next_unscanned(wall, mid_)) return false;
  scan_ = core_.scan->scanner.begin();
  if (scan_ == nullptr) {
    put_back();
    return false;
  }
  scan_state_ = core_.scan;
  ++scan_state_->messages;
  if (core_.examinations != nullptr) job_ = core_.examinations->begin(kExaminationOwner);
  examination_ = {};
  read_ = 0;
  failed_ = false;
  // Our own Received, as rules see it on arrival.
  const std::string_view trace = first_field(core_.shard.find(mid_)->added_header);
  scan_state_->scanner.feed_trace(*scan_, as_bytes(trace));
  return true;
}

bool ScanBacklog::read_more() {
  block_ = core_.blocks.acquire();
  if (!block_) return false;
  const std::uint64_t left = core_.shard.find(mid_)->body_size - read_;
  const std::size_t length = std::min<std::uint64_t>(kBlockBytes, left);
  reading_ = core_.shard.read(mid_, read_, {block_.data(), length}, kReadToken);
  if (!reading_) block_.reset();
  return reading_;
}

void ScanBacklog::read_done(std::expected<std::size_t, queueing::QueueError> octets) {
  reading_ = false;
  failed_ = !octets || *octets == 0;
  if (failed_) return block_.reset();
  got_ = static_cast<std::uint32_t>(*octets);
  fed_ = 0;
  if (job_ != nullptr) core_.examinations->hold(*job_, {block_, 0, got_});
  read_ += got_;
}

void ScanBacklog::feed_more() {
  StageScope scope(core_.ledger, Stage::scan);
  const queueing::InHandScope in_hand(core_.in_hand, mid_, queueing::Work::scan);
  const std::uint32_t run = std::min(got_ - fed_, kScanRun);
  scan_state_->scanner.feed(*scan_, {block_.data() + fed_, run});
  fed_ += run;
  if (fed_ == got_) block_.reset();
}

void ScanBacklog::finish(delivery::Delivery& delivery) {
  {
    StageScope scope(core_.ledger, Stage::scan);
    const queueing::InHandScope in_hand(core_.in_hand, mid_, queueing::Work::scan);
    verdict_ =
        scan_state_->scanner.finish(*scan_, core_.shard.find(mid_)->envelope.common_domain());
    if (core_.lessons != nullptr)
      scan_state_->scanner.teach(*scan_, core_.shard.find(mid_)->envelope.common_domain(),
                                 *core_.lessons);
  }
  report_facts(core_, scan_state_->scanner, *scan_, mid_, core_.shard.find(mid_)->icid);
  if (!examine()) settle(delivery);
}

// False: there is nothing to wait for.
bool ScanBacklog::examine() {
  if (core_.examinations == nullptr ||
      fate_of(verdict_, thresholds_).disposition >= policy::Disposition::reject)
    return false;
  if (antivirus_.engine == config::VirusEngine::none &&
      !scan_state_->scanner.wants_examination(*scan_))
    return false;
  if (job_ == nullptr) {
    examination_ = examination::not_examined(antivirus_);
    return false;
  }
  core_.examinations->submit(*job_, scan_state_->rules);
  return examining_ = true;
}

void ScanBacklog::examined(delivery::Delivery& delivery) {
  examining_ = false;
  examination_ = std::move(job_->result);
  core_.examinations->end(*std::exchange(job_, nullptr));
  if (core_.shard.find(mid_) == nullptr) return put_back();  // deleted meanwhile
  verdict_ = scan_state_->scanner.amend(*scan_, examination_.report);
  report_antivirus(core_, examination_, mid_, core_.shard.find(mid_)->icid);
  settle(delivery);
}

void ScanBacklog::settle(delivery::Delivery& delivery) {
  if (verdict_.strips) verdict_.refusal = scan::Refusal::attachment;  // it is stored as it is
  const Fate fate = fate_of(verdict_, thresholds_, examination_, antivirus_);
  if (fate.disposition == policy::Disposition::reject && fate.reply.code < 500) return postpone();
  char stamps[kStampsMax];
  std::size_t used = scan::write_stamps(verdict_, scan_state_->scanner.rules(),
                                        fate.disposition >= policy::Disposition::tag, stamps);
  if (antispam_report_)
    used += scan::write_antispam_report(verdict_, {}, {stamps + used, sizeof stamps - used});
  used += examination::write_stamp(examination_, {stamps + used, sizeof stamps - used});
  const Icid icid = core_.shard.find(mid_)->icid;
  report_verdict(core_, scan_state_->scanner, verdict_, mid_, icid, fate.disposition);
  switch (fate.disposition) {
    case policy::Disposition::deliver:
    case policy::Disposition::tag: return let_go(verdict_, {stamps, used});
    case policy::Disposition::quarantine: return hold(verdict_, {stamps, used}, "");
    case policy::Disposition::reject: return refuse(verdict_, {stamps, used}, delivery);
    case policy::Disposition::discard:
      report_discarded(core_, mid_, icid, verdict_.scl);
      return discard();
  }
}

// Each of these may come again after a crash, and then has the same outcome.
void ScanBacklog::refuse(const scan::Verdict& verdict, std::string_view stamps,
                         delivery::Delivery& delivery) {
  switch (late_reject_) {
    case config::LateReject::hold: return hold(verdict, stamps, "late");
    case config::LateReject::deliver: return let_go(verdict, stamps);
    case config::LateReject::discard:
      core_.events.emit(
          {.kind = mail::EventKind::tx_rejected, .mid = mid_, .text = {kRefusedText}});
      return discard();
    case config::LateReject::bounce:
      if (!delivery.return_to_sender(mid_, kRefusedStatus, kRefusedText)) return put_back();
      core_.events.emit(
          {.kind = mail::EventKind::tx_rejected, .mid = mid_, .text = {kRefusedText}});
      return release();
  }
}

void ScanBacklog::let_go(const scan::Verdict& verdict, std::string_view stamps) {
  if (!move_on(queueing::Stage::delivery, verdict, stamps)) return put_back();
  core_.events.emit({.kind = mail::EventKind::queue_committed, .mid = mid_});
  core_.shard.unlease(mid_);
  release();
}

void ScanBacklog::hold(const scan::Verdict& verdict, std::string_view stamps,
                       std::string_view reason) {
  if (!move_on(queueing::Stage::held, verdict, stamps)) return put_back();
  report_held(core_, mid_, verdict.scl, reason);
  core_.shard.unlease(mid_);
  release();
}

bool ScanBacklog::move_on(queueing::Stage stage, const scan::Verdict& verdict,
                          std::string_view stamps) {
  return core_.shard.set_stage(mid_, {stage, verdict.scl, stamps});
}

void ScanBacklog::discard() {
  const queueing::QueuedMessage& message = *core_.shard.find(mid_);
  for (Rid rid = 0; rid < message.recipients.size(); ++rid)
    if (message.recipients[rid].status == queueing::RecipientStatus::pending)
      core_.shard.set_outcome(mid_, rid, queueing::RecipientStatus::deleted);
  core_.shard.unlease(mid_);
  core_.events.emit({.kind = mail::EventKind::queue_finished, .mid = mid_});
  release();
}

void ScanBacklog::release() noexcept {
  block_.reset();
  if (job_ != nullptr) core_.examinations->end(*std::exchange(job_, nullptr));
  examining_ = false;
  if (scan_ != nullptr) {
    scan_state_->scanner.release(*scan_);
    --scan_state_->messages;
  }
  scan_ = nullptr;
  mid_ = 0;
}

// What is behind it has its turn first: one message must not keep all others from their scan.
void ScanBacklog::postpone() noexcept {
  core_.shard.postpone_unscanned(mid_, wall_ + kPostponed);
  release();
}

// To be scanned again later: nothing of it is lost.
void ScanBacklog::put_back() noexcept {
  core_.shard.unlease(mid_);
  not_before_ = wall_ + kRetry;
  release();
}

}  // namespace sluice::worker
