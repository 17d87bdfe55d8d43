// Scans what was accepted while scanning was paused: the messages of the inbound and outbound
// queues, oldest first, one at a time and a run of octets per poll, so that no tick becomes long.
// The verdict is the one that the message would have had on arrival. What would have been refused
// can no longer be: `[scan] late_reject` says what becomes of it.
#pragma once

#include <optional>

#include "engine/base/block.h"
#include "engine/config/config.h"
#include "engine/delivery/delivery.h"
#include "engine/policy/disposition.h"
#include "engine/worker/core_state.h"

namespace sluice::worker {

class ScanBacklog {
 public:
  static constexpr std::uint64_t kReadToken = UINT64_MAX - 1;
  static constexpr std::uint64_t kExaminationOwner = UINT64_MAX - 1;

  explicit ScanBacklog(CoreState& core) : core_(core) {}

  void configure(const config::Config& config);
  void clock_was_set() noexcept { not_before_ = {}; }
  void pause(bool paused) noexcept { paused_ = paused; }
  std::size_t poll(WallTime wall, delivery::Delivery& delivery);  // returns work done
  void read_done(std::expected<std::size_t, queueing::QueueError> octets);
  void examined(delivery::Delivery& delivery);  // the job of its message is back
  void stop() noexcept {  // the shard is closed: nothing is being read any more
    block_.reset();
    release();
  }
  bool busy() const noexcept { return mid_ != 0; }  // a message is being scanned
  // Something waits and could be scanned now.
  bool wants_poll(WallTime wall) const noexcept;

 private:
  static constexpr Duration kRetry = seconds(1);       // no room, or the disk does not read
  static constexpr Duration kPostponed = seconds(60);  // this message cannot be judged now

  bool begin(WallTime wall);
  bool read_more();
  void feed_more();
  void finish(delivery::Delivery& delivery);
  bool examine();
  void settle(delivery::Delivery& delivery);
  void refuse(const scan::Verdict& verdict, std::string_view stamps, delivery::Delivery& delivery);
  void let_go(const scan::Verdict& verdict, std::string_view stamps);
  void hold(const scan::Verdict& verdict, std::string_view stamps, std::string_view reason);
  bool move_on(queueing::Stage stage, const scan::Verdict& verdict, std::string_view stamps);
  void discard();
  void release() noexcept;
  void put_back() noexcept;
  void postpone() noexcept;

  CoreState& core_;
  policy::SclThresholds thresholds_;
  config::LateReject late_reject_ = config::LateReject::hold;
  bool antispam_report_ = false;
  bool paused_ = false;
  WallTime not_before_{};  // after a fault
  WallTime wall_{};
  Mid mid_ = 0;  // 0: none
  ScanState* scan_state_ = nullptr;
  scan::MessageScan* scan_ = nullptr;
  BlockRef block_;
  std::uint32_t got_ = 0;   // octets of block_ …
  std::uint32_t fed_ = 0;   // … that the scanner has
  std::uint64_t read_ = 0;  // octets of the message
  bool reading_ = false;
  bool failed_ = false;  // a read did
  config::Antivirus antivirus_;
  examination::Job* job_ = nullptr;
  bool examining_ = false;  // job_ is under way
  examination::Result examination_;
  scan::Verdict verdict_;
};

}  // namespace sluice::worker
