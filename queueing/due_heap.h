// Messages by the time they are due: a binary heap of {time, slot} that knows where each slot is,
// so that one can be removed from the middle. Times may be equal; a slot is in it at most once.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/contract.h"

namespace sluice::queueing {

class DueHeap {
 public:
  struct Item {
    WallTime due;
    std::uint32_t slot = 0;
  };

  bool empty() const noexcept { return items_.empty(); }
  std::size_t size() const noexcept { return items_.size(); }
  const Item& top() const noexcept { return items_.front(); }

  void insert(std::uint32_t slot, WallTime due) {
    if (slot >= places_.size()) places_.resize(slot + 1, kAbsent);
    SLUICE_ASSERT(places_[slot] == kAbsent);
    items_.push_back({due, slot});
    places_[slot] = static_cast<std::uint32_t>(items_.size() - 1);
    rise(items_.size() - 1);
  }

  bool contains(std::uint32_t slot) const noexcept {
    return slot < places_.size() && places_[slot] != kAbsent;
  }

  void remove(std::uint32_t slot) noexcept {
    SLUICE_ASSERT(contains(slot));
    const std::size_t hole = places_[slot];
    places_[slot] = kAbsent;
    const Item last = items_.back();
    items_.pop_back();
    if (hole == items_.size()) return;
    place(hole, last);
    rise(hole);
    sink(places_[last.slot]);
  }

  // Gives every item the time that `time_of(item)` returns.
  template <typename TimeOf>
  void reschedule(TimeOf&& time_of) {
    for (Item& item : items_) item.due = time_of(item);
    for (std::size_t at = items_.size() / 2; at-- > 0;) sink(at);
  }

  void make_earlier(std::uint32_t slot, WallTime due) noexcept {
    SLUICE_ASSERT(contains(slot));
    const std::size_t at = places_[slot];
    if (items_[at].due <= due) return;
    items_[at].due = due;
    rise(at);
  }

 private:
  static constexpr std::uint32_t kAbsent = UINT32_MAX;

  void place(std::size_t at, Item item) noexcept {
    items_[at] = item;
    places_[item.slot] = static_cast<std::uint32_t>(at);
  }

  void rise(std::size_t at) noexcept {
    const Item item = items_[at];
    for (; at > 0 && item.due < items_[(at - 1) / 2].due; at = (at - 1) / 2)
      place(at, items_[(at - 1) / 2]);
    place(at, item);
  }

  void sink(std::size_t at) noexcept {
    const Item item = items_[at];
    for (std::size_t child = 2 * at + 1; child < items_.size(); child = 2 * at + 1) {
      if (child + 1 < items_.size() && items_[child + 1].due < items_[child].due) ++child;
      if (!(items_[child].due < item.due)) break;
      place(at, items_[child]);
      at = child;
    }
    place(at, item);
  }

  std::vector<Item> items_;
  std::vector<std::uint32_t> places_;  // by slot
};

}  // namespace sluice::queueing
