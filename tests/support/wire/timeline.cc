#include "tests/support/wire/timeline.h"

#include <algorithm>

namespace sluice::net::test {

void Timeline::at(Instant when, Node& node, Frame frame) {
  events_.push_back({std::max(when, now_), scheduled_++, &node, std::move(frame)});
  std::push_heap(events_.begin(), events_.end(), later);
}

void Timeline::advance(Instant now) {
  while (!events_.empty() && events_.front().when <= now) {
    std::pop_heap(events_.begin(), events_.end(), later);
    Event event = std::move(events_.back());
    events_.pop_back();
    now_ = event.when;
    event.node->take(std::move(event.frame));
  }
  now_ = std::max(now_, now);
}

}  // namespace sluice::net::test
