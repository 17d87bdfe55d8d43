// Messages that have ended the engine: how often each was in hand when it did, in a small file of
// the shard that is written at start only. At kTimesMax the message is set aside (Stage::poison)
// until the operator decides. One that was still arriving is not in the queue: it is reported.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mail/event.h"
#include "queueing/in_hand.h"
#include "queueing/shard.h"

namespace sluice::worker {

class Poison {
 public:
  static constexpr std::uint32_t kTimesMax = 2;

  struct Suspect {
    Mid mid = 0;
    queueing::Work work = queueing::Work::none;  // at the last time
    std::uint32_t times = 0;
    std::int64_t last = 0;  // unix seconds
    bool operator==(const Suspect&) const = default;
  };

  Poison(std::string path, const queueing::InHand::Left& left)
      : path_(std::move(path)), left_(left) {}

  // Before any work on messages begins; to be called until it says that it is done. The queue goes
  // on all the same when the evidence cannot be stored, or the disk takes nothing for kPatience.
  bool judge(queueing::Shard& shard, mail::EventSink& events, Instant now, WallTime wall);

  // The file's lines "MID work times unix-seconds"; what is no such line is passed over.
  static std::vector<Suspect> parse(std::string_view text);
  static std::string text_of(const std::vector<Suspect>& suspects);

 private:
  static constexpr Duration kPatience = seconds(5);

  std::uint32_t count(queueing::Shard& shard, mail::EventSink& events, WallTime wall) const;

  std::string path_;
  queueing::InHand::Left left_;
  std::uint32_t times_ = 0;  // 0: not counted yet
  Instant since_{};
};

}  // namespace sluice::worker
