// Writes delivery status notifications into the queue, one at a time per core, and records what
// they report. A failure is recorded only when its notification is durable, so that neither a crash
// nor a disk that fails leaves a failure recorded and its notification lost. A delivery is recorded
// before its notification is written: rather than deliver twice, a crash may cost the report.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "engine/base/block.h"
#include "engine/base/random.h"
#include "engine/config/config.h"
#include "engine/delivery/dsn.h"
#include "engine/delivery/job.h"

namespace sluice::delivery {

class DsnWriter {
 public:
  static constexpr std::uint64_t kReadToken = UINT64_MAX;

  DsnWriter(queueing::Shard& shard, mail::EventSink& events, BlockPool& blocks, IdSequence& mids,
            JobBook& jobs, Random& random)
      : shard_(shard),
        events_(events),
        blocks_(blocks),
        mids_(mids),
        jobs_(jobs),
        random_(random) {}

  void configure(const config::Config& config);
  void add(Job& job) noexcept { queue_.push_back(job); }  // takes over a job that has notices
  std::size_t poll(WallTime wall);                        // returns work done
  void read_done(std::expected<std::size_t, queueing::QueueError> octets);
  // The oldest commit that was given to the shard has come to its end.
  void committed(Mid notice, bool durable, WallTime wall);
  bool busy() const noexcept { return job_ != nullptr || !queue_.empty(); }
  bool reading() const noexcept { return reading_; }
  Mid mid() const noexcept { return job_ == nullptr ? 0 : job_->mid(); }  // being reported on

 private:
  void begin();
  void select_reported(const queueing::QueuedMessage& message);
  DsnContext context() const;
  bool read_more();
  void complete();
  void give_up();
  void record(Job& job);
  void postpone(Job& job);

  queueing::Shard& shard_;
  mail::EventSink& events_;
  BlockPool& blocks_;
  IdSequence& mids_;
  JobBook& jobs_;
  Random& random_;
  std::string hostname_;
  std::string postmaster_;
  Duration retry_{};
  std::uint64_t return_max_ = 0;

  JobQueue queue_;
  JobQueue committing_;           // their notifications are not durable yet, in order of commit
  Job* job_ = nullptr;            // the one being reported
  std::vector<Notice> reported_;  // of its notices, those that the sender wants to hear of
  WallTime wall_;
  Mid mid_ = 0;
  std::uint64_t boundary_ = 0;
  Handle arrival_;
  BlockRef block_;          // being read into
  std::uint64_t read_ = 0;  // octets of the original that were copied
  std::uint64_t read_end_ = 0;
  bool full_ = false;
  bool reading_ = false;
};

}  // namespace sluice::delivery
