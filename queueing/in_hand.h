// Which message a worker is working on right now, in a mapped page of a file: when the process ends
// at once, the kernel still writes down what was in hand, and the next process finds it there. It
// is meant to catch messages that kill or stall a worker; after a power cut it says nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/mail/ids.h"

namespace sluice::queueing {

enum class Work : std::uint32_t { none, scan, delivery, arrival };
std::string_view name_of(Work work) noexcept;

class InHand {
 public:
  struct Left {
    Mid mid = 0;
    Work work = Work::none;
    Icid icid = 0;  // of an arrival
  };

  // The file `in_hand` of the shard's directory. Without it (no disk, a test) nothing is noted.
  explicit InHand(const std::string& directory);
  InHand(const InHand&) = delete;
  InHand& operator=(const InHand&) = delete;
  ~InHand();  // what is in hand stays noted

  // What the process before had in hand when it ended, if it did not end in order.
  const std::optional<Left>& left() const noexcept { return left_; }

  // Some stores; no system call.
  void take(Mid mid, Work work, Icid icid = 0) noexcept;
  void put_down() noexcept { take(0, Work::none); }
  // For other threads, of a worker that has stopped moving.
  Left now() const noexcept;

 private:
  struct Page;
  Page* page_ = nullptr;
  std::optional<Left> left_;
};

// Null or not, a worker's work on one message.
class InHandScope {
 public:
  InHandScope(InHand* in_hand, Mid mid, Work work, Icid icid = 0) noexcept : in_hand_(in_hand) {
    if (in_hand_ != nullptr) in_hand_->take(mid, work, icid);
  }
  InHandScope(const InHandScope&) = delete;
  InHandScope& operator=(const InHandScope&) = delete;
  ~InHandScope() {
    if (in_hand_ != nullptr) in_hand_->put_down();
  }

 private:
  InHand* in_hand_;
};

}  // namespace sluice::queueing
