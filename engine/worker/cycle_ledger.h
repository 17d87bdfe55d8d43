// Where the cycles of a core go. Every cycle of a tick is charged to exactly one stage (rdtsc at
// each boundary); a tick that found work is busy, any other is idle. So the stages sum to the busy
// time by construction. Written by the owning core only; other threads read the totals.
#pragma once

#include <x86intrin.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace sluice::worker {

enum class Stage : std::uint8_t { receive, smtp, scan, queue, delivery, timers, transmit, other };
inline constexpr std::size_t kStages = 8;
inline constexpr std::array<std::string_view, kStages> kStageNames{
    "receive", "smtp", "scan", "queue", "delivery", "timers", "transmit", "other"};

class CycleLedger {
 public:
  void begin_tick() noexcept {
    mark_ = __rdtsc();
    stage_ = Stage::other;
  }

  // Everything from here on is `stage`'s; returns the stage that was running, for nesting.
  Stage enter(Stage stage) noexcept {
    const std::uint64_t now = __rdtsc();
    tick_[static_cast<std::size_t>(stage_)] += now - mark_;
    mark_ = now;
    const Stage previous = stage_;
    stage_ = stage;
    return previous;
  }

  void end_tick(bool worked) noexcept {
    enter(Stage::other);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kStages; ++i) {
      if (worked) note(stages_[i], longest_[i], tick_[i]);
      sum += tick_[i];
      tick_[i] = 0;
    }
    add(worked ? busy_ : idle_, sum);
    if (worked) add(busy_ticks_, 1);
  }

  std::uint64_t busy() const noexcept { return busy_.load(std::memory_order_relaxed); }
  std::uint64_t idle() const noexcept { return idle_.load(std::memory_order_relaxed); }
  std::uint64_t busy_ticks() const noexcept { return busy_ticks_.load(std::memory_order_relaxed); }
  // The most that one tick spent in it: so long it came to nothing else.
  std::uint64_t longest(std::size_t index) const noexcept {
    return longest_[index].load(std::memory_order_relaxed);
  }
  std::uint64_t stage(std::size_t index) const noexcept {
    return stages_[index].load(std::memory_order_relaxed);
  }

 private:
  // One writer: a plain load and store, no locked instruction.
  static void add(std::atomic<std::uint64_t>& total, std::uint64_t value) noexcept {
    total.store(total.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }

  static void note(std::atomic<std::uint64_t>& total, std::atomic<std::uint64_t>& longest,
                   std::uint64_t value) noexcept {
    add(total, value);
    if (value > longest.load(std::memory_order_relaxed))
      longest.store(value, std::memory_order_relaxed);
  }

  std::uint64_t mark_ = 0;
  Stage stage_ = Stage::other;
  std::array<std::uint64_t, kStages> tick_{};
  std::array<std::atomic<std::uint64_t>, kStages> stages_{};
  std::array<std::atomic<std::uint64_t>, kStages> longest_{};
  std::atomic<std::uint64_t> busy_ticks_{0};
  std::atomic<std::uint64_t> busy_{0};
  std::atomic<std::uint64_t> idle_{0};
};

// Charges a scope to a stage, then goes back to the one before.
class StageScope {
 public:
  StageScope(CycleLedger& ledger, Stage stage) noexcept
      : ledger_(ledger), previous_(ledger.enter(stage)) {}
  ~StageScope() { ledger_.enter(previous_); }
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;

 private:
  CycleLedger& ledger_;
  Stage previous_;
};

}  // namespace sluice::worker
