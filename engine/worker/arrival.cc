#include "engine/worker/arrival.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "engine/examination/stamp.h"
#include "engine/policy/received_header.h"
#include "engine/worker/scan_report.h"
#include "engine/worker/strip.h"
#include "scanners/stamp.h"

namespace sluice::worker {
namespace {

// The scanner gets a segment when it is there, or a few short ones together: fewer calls, yet never
// far behind the arrival, and little is left to do when the final dot comes.
constexpr std::uint32_t kScanRun = 1'024;
// Received and the fields of X-Sluice-… together.
constexpr std::size_t kAddedHeaderMax = 12 * 1024;
constexpr std::string_view kBounceMark = "X-Sluice-Bounce: not verified\r\n";

constexpr smtp::Reply kNoResources{452, "4.3.1", "Insufficient system resources, try again later"};
constexpr smtp::Reply kStorageFull{452, "4.3.1", "Insufficient system storage"};
constexpr smtp::Reply kStorageFault{451, "4.3.0",
                                    "Local error in processing: the message was not stored"};
constexpr smtp::Reply kTooManyHops{554, "5.4.6", "Too many hops: this message is in a loop"};

policy::ReceivedClient received_client(const Origin& origin) {
  const tls::ClientCertificate* const client = origin.client;
  if (client == nullptr) return {};
  return {.asked = true,
          .shown = client->shown,
          .verified = client->verified,
          .subject = client->subject.data(),
          .issuer = client->issuer.data()};
}

}  // namespace

smtp::Reply reply_for(queueing::QueueError error) {
  switch (error) {
    case queueing::QueueError::disk_full: return kStorageFull;
    case queueing::QueueError::too_many_messages:
    case queueing::QueueError::too_many_arrivals: return kNoResources;
    case queueing::QueueError::io_error: break;
  }
  return kStorageFault;
}

std::optional<smtp::Reply> Arrival::begin(CoreState& core, Mid mid, const mail::Envelope& envelope,
                                          const Origin& origin) {
  SLUICE_ASSERT(!active());
  const Icid icid = origin.icid;
  auto stored = core.shard.begin(mid);
  if (!stored) {
    core.events.emit({.kind = mail::EventKind::queue_refused,
                      .icid = icid,
                      .mid = mid,
                      .text = {queueing::describe(stored.error())}});
    return reply_for(stored.error());
  }
  scan::MessageScan* scan = core.scan_paused ? nullptr : core.scan->scanner.begin();
  if (scan == nullptr && !core.scan_paused) {
    core.shard.abandon(*stored);
    core.events.emit({.kind = mail::EventKind::queue_refused,
                      .icid = icid,
                      .mid = mid,
                      .text = {"memory.transactions is used up"}});
    return kNoResources;
  }
  core_ = &core;
  scan_state_ = core.scan;
  ++scan_state_->messages;
  scan_ = scan;
  stored_ = *stored;
  mid_ = mid;
  icid_ = icid;
  filled_ = scanned_ = 0;
  size_ = 0;
  failure_.reset();
  pending_size_ = 0;
  firewall_.reset();
  if (origin.header_firewall) firewall_.emplace();
  verdict_ = {};
  examination_ = {};
  job_ = nullptr;
  if (core.examinations != nullptr && scan != nullptr) job_ = core.examinations->begin(0);
  hops_ = {};
  tls_required_ = {};
  if (scan_ != nullptr) show_trace(envelope, origin);
  return {};
}

// Rules look at who handed the message over to us: as it will stand in front of the message.
void Arrival::show_trace(const mail::Envelope& envelope, const Origin& origin) noexcept {
  StageScope scope(core_->ledger, Stage::scan);
  char header[policy::kReceivedMax];
  const std::size_t used = write_received(envelope, origin, core_->clock.wall(), header);
  scan_state_->scanner.feed_trace(*scan_, as_bytes({header, used}));
}

std::size_t Arrival::write_received(const mail::Envelope& envelope, const Origin& origin,
                                    WallTime now, std::span<char> out) const noexcept {
  const policy::ReceivedFields received{.helo = origin.helo,
                                        .peer = origin.peer.address,
                                        .hostname = origin.hostname,
                                        .extended = origin.extended,
                                        .tls_protocol = origin.tls_protocol,
                                        .tls_cipher = origin.tls_cipher,
                                        .client = received_client(origin),
                                        .icid = origin.icid,
                                        .mid = mid_,
                                        .envelope = &envelope,
                                        .when = now};
  return policy::write_received_header(received, out);
}

MutableBytes Arrival::space() noexcept {
  if (block_ && filled_ == kBlockBytes) {
    feed_scanner();  // the firewall may make room
    if (filled_ == kBlockBytes && !store_block())
      filled_ = scanned_ = 0;  // refused: the block becomes the place to discard to
  }
  if (!block_) {
    block_ = core_->blocks.acquire();
    if (!block_) return {};
    std::memcpy(block_.data(), pending_.data(), pending_size_);
    filled_ = std::exchange(pending_size_, 0);
    scanned_ = 0;
  }
  return {block_.data() + filled_, kBlockBytes - filled_};
}

void Arrival::written(std::size_t count) noexcept {
  filled_ += static_cast<std::uint32_t>(count);
  size_ += count;
  if (filled_ - scanned_ >= kScanRun) feed_scanner();
}

void Arrival::feed_scanner(bool last) noexcept {
  if (scanned_ == filled_ || failure_) return;
  StageScope scope(core_->ledger, Stage::scan);
  const std::uint32_t until = firewall(last);
  const ByteView fresh{block_.data() + scanned_, until - scanned_};
  hops_.feed(fresh);
  tls_required_.feed(fresh);
  const queueing::InHandScope in_hand(core_->in_hand, mid_, queueing::Work::arrival, icid_);
  if (scan_ != nullptr) scan_state_->scanner.feed(*scan_, fresh);
  scanned_ = until;
}

// How far the octets of the block are known to stay; behind that a line waits for its end.
std::uint32_t Arrival::firewall(bool last) noexcept {
  if (!firewall_ || firewall_->passed()) return filled_;
  const auto [kept, pending] =
      firewall_->filter({block_.data() + scanned_, filled_ - scanned_}, last);
  const auto until = scanned_ + static_cast<std::uint32_t>(kept);
  filled_ = until + static_cast<std::uint32_t>(pending);
  return until;
}

// Gives the filled block to the queue. False when the queue has refused this message.
bool Arrival::store_block() noexcept {
  if (failure_) return false;
  StageScope scope(core_->ledger, Stage::queue);
  pending_size_ = filled_ - scanned_;
  std::memcpy(pending_.data(), block_.data() + scanned_, pending_size_);
  const BlockSlice slice{block_, 0, scanned_};
  auto result = core_->shard.append(stored_, slice);
  if (!result) {
    failure_ = result.error();
    return false;
  }
  if (job_ != nullptr) core_->examinations->hold(*job_, slice);
  block_.reset();
  filled_ = scanned_ = 0;
  return true;
}

Arrival::Ending Arrival::end(const mail::Envelope& envelope, const Origin& origin,
                             std::uint64_t token, smtp::Reply& reply) {
  if (pending_size_ > 0 && !failure_ && space().empty())
    failure_ = queueing::QueueError::too_many_arrivals;
  feed_scanner(true);
  core_->events.emit({.kind = mail::EventKind::tx_ready,
                      .icid = icid_,
                      .mid = mid_,
                      .number = static_cast<std::int64_t>(size_),
                      .text = {envelope.reverse_path()}});
  verdict_ = {};
  if (scan_ != nullptr) finish_scan(envelope);
  const bool over = failure_ || hops_.hops() > origin.hops_max ||
                    fate_of(verdict_, origin.thresholds).disposition >= policy::Disposition::reject;
  if (!over && wants_examination(origin) && examine(*origin.antivirus, token))
    return Ending::examining;
  return settle(envelope, origin, token, reply);
}

// The verdict is complete.
Arrival::Ending Arrival::settle(const mail::Envelope& envelope, const Origin& origin,
                                std::uint64_t token, smtp::Reply& reply) {
  Fate fate;
  if (verdict_.strips && block_ && filled_ > 0) store_block();
  if (verdict_.strips && (job_ == nullptr || job_->incomplete) &&
      verdict_.refusal == scan::Refusal::none)
    verdict_.refusal = scan::Refusal::no_room;
  if (scan_ != nullptr) {
    fate = fate_of(verdict_, origin.thresholds, examination_, *origin.antivirus);
    report_verdict(*core_, scan_state_->scanner, verdict_, mid_, icid_, fate.disposition);
  }
  if (!failure_ && hops_.hops() > origin.hops_max) return refuse(kTooManyHops, reply);
  if (!failure_ && fate.disposition == policy::Disposition::reject)
    return refuse(fate.reply, reply);
  if (!failure_ && fate.disposition == policy::Disposition::discard) return discard();
  if (!failure_ && verdict_.strips) strip();
  const auto refusal = commit(envelope, origin, fate.disposition, token);
  if (refusal) {
    core_->events.emit({.kind = mail::EventKind::queue_refused,
                        .icid = icid_,
                        .mid = mid_,
                        .text = {queueing::describe(*failure_)}});
    core_->shard.abandon(stored_);
    reply = *refusal;
  }
  release();
  return refusal ? Ending::refused : Ending::commits;
}

bool Arrival::wants_examination(const Origin& origin) const noexcept {
  if (core_->examinations == nullptr || scan_ == nullptr) return false;
  return origin.antivirus->engine != config::VirusEngine::none ||
         scan_state_->scanner.wants_examination(*scan_);
}

// False when it cannot be, and settle() has to do without.
bool Arrival::examine(const config::Antivirus& antivirus, std::uint64_t token) {
  if (block_ && filled_ > 0 && !store_block()) return false;
  if (job_ == nullptr) {
    examination_ = examination::not_examined(antivirus);
    note_examination();
    return false;
  }
  job_->owner = token;
  core_->examinations->submit(*job_, scan_state_->rules);
  return true;
}

Arrival::Ending Arrival::examined(const mail::Envelope& envelope, const Origin& origin,
                                  std::uint64_t token, smtp::Reply& reply) {
  examination_ = std::move(job_->result);
  note_examination();
  return settle(envelope, origin, token, reply);
}

void Arrival::note_examination() {
  verdict_ = scan_state_->scanner.amend(*scan_, examination_.report);
  report_antivirus(*core_, examination_, mid_, icid_);
}

// What is stored so far is replaced: nobody was told of it yet.
void Arrival::strip() {
  StageScope scope(core_->ledger, Stage::queue);
  const auto& rules = scan_state_->rules->attachment_rules();
  const auto cuts = scan_state_->scanner.cuts(*scan_);
  const auto stored = store_without(core_->shard, core_->blocks, mid_, stored_, *job_, cuts, rules);
  if (!stored) {
    failure_ = stored.error();
    return;
  }
  core_->shard.abandon(std::exchange(stored_, *stored));
  report_stripped(*core_, cuts, rules, mid_, icid_);
}

Arrival::Ending Arrival::refuse(const smtp::Reply& why, smtp::Reply& reply) {
  char text[128];
  const auto end =
      fmt::format_to_n(text, sizeof text, "{} {} {}", why.code, why.enhanced, why.text);
  core_->events.emit({.kind = mail::EventKind::tx_rejected,
                      .icid = icid_,
                      .mid = mid_,
                      .text = {{text, std::min(end.size, sizeof text)}}});
  core_->shard.abandon(stored_);
  release();
  reply = why;
  return Ending::refused;
}

Arrival::Ending Arrival::discard() {
  report_discarded(*core_, mid_, icid_, verdict_.scl);
  core_->shard.abandon(stored_);
  release();
  return Ending::discarded;
}

void Arrival::finish_scan(const mail::Envelope& envelope) {
  {
    StageScope scope(core_->ledger, Stage::scan);
    const queueing::InHandScope in_hand(core_->in_hand, mid_, queueing::Work::arrival, icid_);
    verdict_ = scan_state_->scanner.finish(*scan_, envelope.common_domain());
    if (core_->lessons != nullptr)
      scan_state_->scanner.teach(*scan_, envelope.common_domain(), *core_->lessons);
  }
  report_facts(*core_, scan_state_->scanner, *scan_, mid_, icid_);
}

std::optional<smtp::Reply> Arrival::commit(const mail::Envelope& envelope, const Origin& origin,
                                           policy::Disposition disposition, std::uint64_t token) {
  if (block_ && filled_ > 0) store_block();
  if (failure_) return reply_for(*failure_);

  char header[kAddedHeaderMax];
  const WallTime now = core_->clock.wall();
  std::size_t used = write_received(envelope, origin, now, header);
  if (scan_ != nullptr)
    used += scan::write_stamps(verdict_, scan_state_->scanner.rules(),
                               disposition >= policy::Disposition::tag,
                               {header + used, sizeof header - used});
  used += examination::write_stamp(examination_, {header + used, sizeof header - used});

  if (scan_ != nullptr && origin.antispam_report)
    used += scan::write_antispam_report(verdict_, origin.peer.address.text(),
                                        {header + used, sizeof header - used});
  if (verdict_.strips) {
    const std::string marks =
        strip_marks(scan_state_->scanner.cuts(*scan_), scan_state_->rules->attachment_rules());
    used += marks.copy(header + used, sizeof header - used);
  }

  if (origin.unverified_bounce && sizeof header - used >= kBounceMark.size())
    used += kBounceMark.copy(header + used, kBounceMark.size());

  StageScope scope(core_->ledger, Stage::queue);
  // RFC 8689 5: REQUIRETLS outranks the field.
  mail::Envelope tagged;
  const bool optional = tls_required_.says_no() && !envelope.parameters().requiretls;
  if (optional) {
    tagged = envelope;
    tagged.set_tls_optional();
  }
  const auto scanned = disposition == policy::Disposition::quarantine ? queueing::Stage::held
                                                                      : queueing::Stage::delivery;
  const queueing::Acceptance acceptance{optional ? &tagged : &envelope,
                                        as_bytes({header, used}),
                                        now,
                                        verdict_.scl,
                                        origin.icid,
                                        origin.direction,
                                        scan_ != nullptr ? scanned : queueing::Stage::scan};
  auto result = core_->shard.commit(stored_, acceptance, token);
  if (!result) {
    failure_ = result.error();
    return reply_for(*failure_);
  }
  core_->counters.octets_accepted.add(size_);
  return {};
}

void Arrival::abandon(std::string_view reason) noexcept {
  if (!active()) return;
  core_->events.emit(
      {.kind = mail::EventKind::tx_aborted, .icid = icid_, .mid = mid_, .text = {reason}});
  core_->shard.abandon(stored_);
  release();
}

void Arrival::release() noexcept {
  if (job_ != nullptr) core_->examinations->end(*std::exchange(job_, nullptr));
  if (scan_ != nullptr) scan_state_->scanner.release(*scan_);
  --scan_state_->messages;
  scan_ = nullptr;
  block_.reset();
  core_ = nullptr;
}

}  // namespace sluice::worker
