// One message on its way in: from the first octet of DATA to the commit. Writes the octets into
// message blocks, feeds the scanner from the same blocks, hands full blocks to the queue shard
// while more arrives, and at the end turns the verdict into a commit or a refusal.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "engine/base/block.h"
#include "engine/base/slab.h"
#include "engine/mail/envelope.h"
#include "engine/mail/header_firewall.h"
#include "engine/mail/hop_counter.h"
#include "engine/mail/tls_required.h"
#include "engine/policy/disposition.h"
#include "engine/smtp/reply.h"
#include "engine/worker/core_state.h"
#include "engine/worker/fate.h"
#include "tls/session.h"

namespace sluice::worker {

struct Origin {  // of the message: what Received and the log say
  Icid icid = 0;
  std::string_view helo;
  bool extended = false;
  std::string_view tls_protocol;  // empty = in the clear
  std::string_view tls_cipher;
  const tls::ClientCertificate* client = nullptr;  // null = it was not asked for one
  Endpoint peer;
  std::string_view hostname;
  policy::SclThresholds thresholds;
  const config::Antivirus* antivirus = nullptr;
  std::uint32_t hops_max = 30;
  bool header_firewall = true;
  bool antispam_report = false;
  bool unverified_bounce = false;  // it is marked as one
  queueing::Direction direction = queueing::Direction::inbound;
};

// What the sender is told: 4yz, since the message was not stored.
smtp::Reply reply_for(queueing::QueueError error);

class Arrival {
 public:
  // A reply (452 4.3.1) when a pool is empty or the queue refuses.
  std::optional<smtp::Reply> begin(CoreState& core, Mid mid, const mail::Envelope& envelope,
                                   const Origin& origin);
  bool active() const noexcept { return core_ != nullptr; }

  // Room for the next octets; empty when no block is free now.
  MutableBytes space() noexcept;
  void written(std::size_t count) noexcept;

  enum class Ending : std::uint8_t {
    commits,    // under way: the shard will return `token`
    refused,    // `reply` says how
    discarded,  // the sender is told that it was accepted
    examining,  // a job of the owner `token` will come back, then examined()
  };
  // The last octet is in.
  Ending end(const mail::Envelope& envelope, const Origin& origin, std::uint64_t token,
             smtp::Reply& reply);
  // The same once more, without a further examination.
  Ending examined(const mail::Envelope& envelope, const Origin& origin, std::uint64_t token,
                  smtp::Reply& reply);
  void abandon(std::string_view reason) noexcept;

 private:
  void feed_scanner(bool last = false) noexcept;
  std::uint32_t firewall(bool last) noexcept;
  void show_trace(const mail::Envelope& envelope, const Origin& origin) noexcept;
  bool store_block() noexcept;
  void finish_scan(const mail::Envelope& envelope);
  bool wants_examination(const Origin& origin) const noexcept;
  bool examine(const config::Antivirus& antivirus, std::uint64_t token);
  void note_examination();
  Ending settle(const mail::Envelope& envelope, const Origin& origin, std::uint64_t token,
                smtp::Reply& reply);
  void strip();
  Ending refuse(const smtp::Reply& why, smtp::Reply& reply);
  Ending discard();
  std::size_t write_received(const mail::Envelope& envelope, const Origin& origin, WallTime now,
                             std::span<char> out) const noexcept;
  std::optional<smtp::Reply> commit(const mail::Envelope& envelope, const Origin& origin,
                                    policy::Disposition disposition, std::uint64_t token);
  void release() noexcept;

  CoreState* core_ = nullptr;
  ScanState* scan_state_ = nullptr;
  scan::MessageScan* scan_ = nullptr;  // null: scanning is paused, the message will wait for it
  scan::Verdict verdict_;              // once scan_ has finished
  examination::Job* job_ = nullptr;    // holds what was stored so far, for an examination
  examination::Result examination_;
  Handle stored_;  // the shard's arrival
  Mid mid_ = 0;
  Icid icid_ = 0;
  BlockRef block_;
  std::uint32_t filled_ = 0;                      // octets written into block_
  std::uint32_t scanned_ = 0;                     // octets of block_ that the scanner has seen
  std::optional<mail::HeaderFirewall> firewall_;  // none: all fields are let in
  std::array<std::uint8_t, mail::HeaderFirewall::kPendingMax> pending_;  // for the next block
  std::uint32_t pending_size_ = 0;
  mail::HopCounter hops_;
  mail::TlsRequiredField tls_required_;
  std::uint64_t size_ = 0;                       // octets of the message
  std::optional<queueing::QueueError> failure_;  // the rest is discarded
};

}  // namespace sluice::worker
